# syntax=docker/dockerfile:1
#
#   docker build -t shopbell .
#   docker run -p 8080:8080 -v shopbell:/data -e ECWID_CLIENT_SECRET -e ECWID_TOKEN shopbell
#
# /data holds shopbell.yaml, rules/ and the ledger. Inside, listen must be 0.0.0.0:8080 or :8080.

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/shopbell . \
 && mkdir -p /out/data /out/tmp && chmod 1777 /out/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /usr/local/go/lib/time/zoneinfo.zip /zoneinfo.zip
COPY --from=build /out/shopbell /shopbell
COPY --from=build --chown=10001:10001 /out/data /data
COPY --from=build /out/tmp /tmp
ENV ZONEINFO=/zoneinfo.zip
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s CMD ["/shopbell", "healthcheck"]
ENTRYPOINT ["/shopbell"]
CMD ["serve", "--log", "json"]
