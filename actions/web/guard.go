package web

import (
	"fmt"
	"net/netip"
	"syscall"

	"code.dny.dev/ssrf"
)

// refusal says that an address may not be reached.
type refusal struct{ address netip.Addr }

func (r *refusal) Error() string {
	if !r.address.IsValid() {
		return "the request leads to an address that rules may not reach"
	}
	return fmt.Sprintf("%s is a private address, which rules may not reach; to allow it, the operator puts http: { allow: [%q] } into the config",
		r.address, netip.PrefixFrom(r.address, r.address.BitLen()))
}

// guard refuses addresses that are not public, save the allowed ones, on any port. It looks at the address that is
// dialled, after the name was looked up, so a name that changes its mind in between gains nothing.
func guard(allow []netip.Prefix) func(network, address string, _ syscall.RawConn) error {
	var v4, v6 []netip.Prefix
	for _, p := range allow {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	guardian := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
	return func(network, address string, c syscall.RawConn) error {
		if guardian.Safe(network, address, c) == nil {
			return nil
		}
		target, err := netip.ParseAddrPort(address)
		if err != nil {
			return &refusal{}
		}
		return &refusal{address: target.Addr().WithZone("")}
	}
}
