package server

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

//go:embed pages
var files embed.FS

// frame renders pages: what is around them, and what is in them.
type frame struct {
	pages  map[string]*template.Template
	links  []link
	assets map[string]asset
	stamp  string // changes with the assets, so that browsers may keep them for ever
	about  string // the version
}

// link is an entry of the navigation.
type link struct{ Path, Title string }

// asset is a file that pages load.
type asset struct {
	mime    string
	content []byte
}

// pageData is what the layout and a page's template see.
type pageData struct {
	Title   string
	Path    string // to mark the entry of the navigation
	Bare    bool   // without navigation: nobody is signed in
	Refresh string // lead on to this path
	Token   string // for forms
	Body    any    // of the page

	Links   []link
	Stamp   string
	Version string
}

func newFrame(version string, extra []Page) *frame {
	f := &frame{pages: map[string]*template.Template{}, assets: map[string]asset{}, about: version}
	f.links = []link{{"/", "Overview"}, {"/events", "Events"}, {"/runs", "Runs"}, {"/rules", "Rules"}, {"/sources", "Sources"}, {"/health", "Health"}}
	for _, page := range extra {
		f.links = append(f.links, link{page.Path, page.Title})
	}
	f.load("style.css", "text/css; charset=utf-8")
	f.load("live.js", "text/javascript; charset=utf-8")
	f.load("bell.svg", "image/svg+xml")
	sum := sha256.New()
	for _, name := range []string{"style.css", "live.js", "bell.svg"} {
		sum.Write(f.assets[name].content)
	}
	f.stamp = hex.EncodeToString(sum.Sum(nil))[:12]
	layout := template.Must(template.New("layout.html").Funcs(functions()).ParseFS(files, "pages/layout.html", "pages/parts.html"))
	names, err := fs.Glob(files, "pages/*.html")
	if err != nil {
		panic(err) // the pattern is wrong: a mistake of the program
	}
	for _, path := range names {
		name := strings.TrimSuffix(strings.TrimPrefix(path, "pages/"), ".html")
		f.pages[name] = template.Must(template.Must(layout.Clone()).ParseFS(files, path))
	}
	return f
}

func (f *frame) load(name, mime string) {
	content, err := files.ReadFile("pages/" + name)
	if err != nil {
		panic(err) // it is embedded: a mistake of the program
	}
	f.assets[name] = asset{mime, content}
}

// write renders a page whole before it sends a byte, so that a fault in a template is a clean 500.
func (f *frame) write(w http.ResponseWriter, status int, name string, data pageData) {
	data.Links, data.Stamp, data.Version = f.links, f.stamp, f.about
	var page bytes.Buffer
	if err := f.pages[name].ExecuteTemplate(&page, "layout.html", data); err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes()) // the reader may be gone
}

// message is a page that only says something.
func (f *frame) message(c *gin.Context, status int, title, text string) {
	f.write(c.Writer, status, "message", pageData{Title: title, Bare: true, Body: text})
	c.Abort()
}

// serveAsset gives a file that pages load. Nobody has to be signed in for it.
func (f *frame) serveAsset(c *gin.Context) {
	a, ok := f.assets[c.Param("name")]
	if !ok {
		word(c, http.StatusNotFound)
		return
	}
	if c.Query("v") == f.stamp {
		c.Header("Cache-Control", "public, max-age=31536000, immutable")
	}
	c.Data(http.StatusOK, a.mime, a.content)
}

// Render writes content inside the dashboard's frame. r must be a request that the server handed to a [Page]'s
// Handler. A part of the content that should follow changes without a reload stands in an element with the attribute
// data-live and an id; if all of its children have ids too, they are changed one by one.
func Render(w http.ResponseWriter, r *http.Request, title string, content template.HTML) {
	v := visitOf(r)
	if v == nil {
		http.Error(w, "this page is only for people who are signed in", http.StatusUnauthorized)
		return
	}
	v.server.frame.write(w, http.StatusOK, "extra", pageData{Title: title, Path: r.URL.Path, Token: v.token, Body: content})
}
