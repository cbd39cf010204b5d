// Package newsletter declares the newsletter action, which puts people on a list, takes them off it and tags them:
//
//	newsletter: { email: "{{ order.email }}", list: a1b2c3d4e5, tags: [buyer] }
//
// It speaks with Mailchimp, Brevo, Klaviyo, MailerLite and listmonk; each is a value in a list, in a file of its own. Whoever
// has left is never put back: that is for the person to do. It makes no lists and sends no campaigns.
package newsletter

import (
	"errors"
	"fmt"
	"regexp"

	"shopbell/actions"
)

// Action changes how a person stands with a list.
var Action = actions.Define(actions.Spec[Account, Params]{
	Name:      "newsletter",
	Summary:   "Subscribe a person to a newsletter, tag or unsubscribe them",
	Doc:       doc,
	Example:   `newsletter: { email: "{{ order.email }}", list: a1b2c3d4e5, tags: [buyer] }`,
	Result:    Result{},
	Repeats:   repeats,
	Limit:     limit,
	Reaches:   reaches,
	Marketing: true,
	Open:      open,
})

// limit keeps steps, which are up to three calls each, below what providers allow: MailerLite 120 calls a minute, Klaviyo 750, Brevo ten a
// second. Mailchimp bounds how many there are at once.
func limit(a Account) actions.Limit {
	return map[string]actions.Limit{
		"mailerlite": {Rate: 40.0 / 60}, "klaviyo": {Rate: 4}, "brevo": {Rate: 3}, "mailchimp": {Concurrency: 8},
	}[a.Provider]
}

// The things that a step can do.
const (
	actSubscribe   = "subscribe"
	actUnsubscribe = "unsubscribe"
	actTag         = "tag"
)

// An Account is an account with one provider.
type Account struct {
	Provider        string         `json:"provider" jsonschema:"enum=mailchimp,enum=brevo,enum=klaviyo,enum=mailerlite,enum=listmonk" jsonschema_description:"Whose service it is."`
	APIKey          actions.Secret `json:"api_key" jsonschema:"minLength=1" jsonschema_description:"Key or token of the API. Klaviyo's needs the scopes lists:read, lists:write, profiles:read, profiles:write and subscriptions:write."`
	Username        string         `json:"username,omitempty" jsonschema_description:"Name of the API user; listmonk only."`
	API             string         `json:"api,omitempty" jsonschema_description:"Where the API is, up to its version or path, such as https://api.brevo.com. listmonk needs it; of the others it is known."`
	ConfirmTemplate int            `json:"confirm_template,omitempty" jsonschema:"minimum=1" jsonschema_description:"Number of the template of the mail that asks to confirm; Brevo only, which needs it for double opt-in."`
	ConfirmURL      string         `json:"confirm_url,omitempty" jsonschema_description:"Page that people see once they have confirmed; Brevo only, which needs it for double opt-in."`
}

// Params are what one step says.
type Params struct {
	Action          string         `json:"action,omitempty" jsonschema:"enum=subscribe,enum=unsubscribe,enum=tag,default=subscribe" jsonschema_description:"What to do."`
	Email           string         `json:"email" jsonschema:"minLength=1" jsonschema_description:"E-mail address of the person." lands:"address"`
	List            actions.Text   `json:"list,omitempty" jsonschema_description:"Id of the list: Mailchimp's audience, MailerLite's group. MailerLite can do without."`
	Name            string         `json:"name,omitempty" jsonschema_description:"Name of the person. Where a provider wants two, the first word is the first name."`
	Fields          map[string]any `json:"fields,omitempty" jsonschema_description:"More about the person, by the provider's names: merge fields, attributes, properties. A field that is null is left out."`
	Tags            []string       `json:"tags,omitempty" jsonschema_description:"Tags to give the person; at Mailchimp, and as ids of groups at MailerLite. The others have none."`
	DoubleOptIn     *bool          `json:"double_opt_in,omitempty" jsonschema:"default=true" jsonschema_description:"Whether the person is asked by mail to confirm."`
	Consent         *bool          `json:"consent,omitempty" jsonschema_description:"Whether the person has agreed to be subscribed. If false, nothing is done. Klaviyo needs a true."`
	Language        string         `json:"language,omitempty" jsonschema_description:"Language of the person, such as en; Mailchimp only."`
	IP              string         `json:"ip,omitempty" jsonschema_description:"Address from which the person signed up; Mailchimp and MailerLite."`
	ConsentedAt     string         `json:"consented_at,omitempty" jsonschema_description:"When the person signed up, such as 2026-11-21T10:00:00Z; Mailchimp and MailerLite."`
	ConfirmTemplate int            `json:"confirm_template,omitempty" jsonschema:"minimum=1" jsonschema_description:"In place of the account's."`
	ConfirmURL      string         `json:"confirm_url,omitempty" jsonschema_description:"In place of the account's."`
}

// Result is what later steps see.
type Result struct {
	State string `json:"state" jsonschema:"enum=subscribed,enum=pending,enum=already,enum=suppressed,enum=unsubscribed,enum=tagged,enum=absent" jsonschema_description:"How the person stands now. pending: asked to confirm. already: had been before. suppressed: has left, bounced or not agreed, and nothing was done. absent: unknown there, so that nothing was to be done."`
	ID    string `json:"id,omitempty" jsonschema_description:"What the provider knows the person by, where it says so."`
}

// listID is the form of an id of all providers: nothing in it leaves its place in a path.
var listID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Check implements [actions.Checker].
func (p Params) Check() error {
	if list := string(p.List); list != "" && actions.Known(list) && !listID.MatchString(list) {
		return fmt.Errorf("list: %q is not the id of a list: it is digits and letters, and not the list's name", actions.Excerpt([]byte(list)))
	}
	switch {
	case p.Action == actTag && len(p.Tags) == 0:
		return errors.New("tags is missing: action: tag says which tags to give")
	case p.Action == actUnsubscribe && (len(p.Tags) > 0 || len(p.Fields) > 0 || p.Name != ""):
		return errors.New("action: unsubscribe takes only email and list")
	case p.Action == actTag && (len(p.Fields) > 0 || p.Name != ""):
		return errors.New("action: tag takes only email, list and tags")
	}
	if _, err := moment(p.ConsentedAt); actions.Known(p.ConsentedAt) && err != nil {
		return err
	}
	return nil
}

// confirms tells whether the person is to be asked.
func (p *Params) confirms() bool { return p.DoubleOptIn == nil || *p.DoubleOptIn }

// subscribes tells whether the step is to put the person on a list.
func (p *Params) subscribes() bool { return p.Action != actUnsubscribe && p.Action != actTag }

// reaches tells whom a step writes to. Whoever is on a suppression list can still be taken off a newsletter.
func reaches(p Params) []actions.Recipient {
	address, err := addressOf(p.Email)
	if err != nil || p.Action == actUnsubscribe {
		return nil
	}
	return []actions.Recipient{actions.MailTo(address)}
}
