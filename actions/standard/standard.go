// Package standard is the list of the kinds of action that come with Shopbell:
//
//	for _, kind := range standard.Kinds() {
//		fmt.Println(kind.Name, "-", kind.Summary)
//	}
//
// A new kind is one line here. It does not know plugins.
package standard

import (
	"shopbell/actions"
	"shopbell/actions/ecwid"
	"shopbell/actions/email"
	"shopbell/actions/file"
	"shopbell/actions/http"
	licensekey "shopbell/actions/license_key"
	"shopbell/actions/log"
	"shopbell/actions/newsletter"
	"shopbell/actions/notify"
	"shopbell/actions/sheet"
	"shopbell/actions/slack"
	"shopbell/actions/sms"
	"shopbell/actions/sql"
)

// Kinds lists the kinds, ordered by name. The list is the caller's own.
func Kinds() []*actions.Kind {
	return []*actions.Kind{
		ecwid.Action,
		email.Action,
		file.Action,
		http.Action,
		licensekey.Action,
		log.Action,
		newsletter.Action,
		notify.Action,
		sheet.Action,
		slack.Action,
		sms.Action,
		sql.Action,
	}
}
