package newsletter

const doc = "With `action: subscribe`, the default, the person is put on the list, and by default asked by mail to confirm (double opt-in). " +
	"Whoever has unsubscribed, bounced or complained stays so: the step is skipped, with the state `suppressed`. " +
	"`action: unsubscribe` takes the person off the list; `action: tag` gives tags to somebody who is known and has not left. " +
	"An address is sent in lower case, so that one person has one.\n\n" +
	`| provider | double opt-in | whoever is on the list already | unsubscribe without list |
|---|---|---|---|
| Mailchimp | by the step | gets the fields and tags | refused |
| Brevo | by the step, with a template and a page | gets the fields | blocklisted for all campaigns |
| Klaviyo | by the list; a list of single opt-in needs double_opt_in: false | gets the fields | from all e-mail marketing |
| MailerLite | by the step | gets the fields and groups | unsubscribed from everything |
| listmonk | by the list | keeps the fields there are | blocklisted |

Brevo, Klaviyo and listmonk have no tags. Brevo ignores fields that it does not know, or that have the wrong type, and does not say so; ` +
	"with a list, its unsubscribing takes the person off it, and Brevo does not remember that they left. " +
	"Klaviyo would take back who has unsubscribed, so that each person is looked up first, and the rule has to say `consent: true`.\n\n" +
	"When nobody knows whether a call was carried out, it is repeated, after a look at how the person stands, if that cannot mail them twice. " +
	"Where it could (Brevo's double opt-in, Klaviyo's lists with double opt-in, listmonk's confirmation of somebody who was known there) the run is held for a person. " +
	"At most 8 calls are made at once through one account, of the 10 that Mailchimp allows."
