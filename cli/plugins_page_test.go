package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"shopbell/actions/plugin"
)

// TestPluginsPage holds that docs/plugins.md says what the protocol's declarations say, and that its schemas are they. With -update
// they are written anew.
func TestPluginsPage(t *testing.T) {
	const path = "../docs/plugins.md"
	page := read(t, path)
	for _, part := range plugin.Parts() {
		var b strings.Builder
		b.WriteString("| key | type | |\n|---|---|---|\n")
		rows(&b, "", plugin.ShapeOf(part).Fields())
		page = fill(t, page, part, b.String())
		same(t, filepath.Join("../docs/plugins", part+".schema.json"), string(plugin.Schema(part)))
	}
	same(t, path, page)
}
