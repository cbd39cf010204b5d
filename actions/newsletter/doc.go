package newsletter

const doc = `A person is put on a list, and asked by mail to confirm (double opt-in) unless the step says otherwise. Whoever has
unsubscribed, bounced or complained stays so: the step is skipped, with the state suppressed. Unsubscribing takes a person
off the list; tagging gives tags to somebody who is known and has not left. To ask only those who have agreed, write
consent: "{{ order.acceptMarketing ?? false }}". An address is sent in lower case, so that one person has one.

| provider | double opt-in | whoever is on the list already | unsubscribe without list |
|---|---|---|---|
| Mailchimp | by the step | gets the fields and tags | refused |
| Brevo | by the step, with a template and a page | gets the fields | blocklisted for all campaigns |
| Klaviyo | by the list; one of single opt-in needs double_opt_in: false | gets the fields | from all e-mail marketing |
| MailerLite | by the step, if its settings have it on for the API | gets the fields and groups | unsubscribed from everything |
| listmonk | by the list | keeps the fields there are | blocklisted |

Brevo, Klaviyo and listmonk have no tags for people. Brevo ignores fields that it does not know or that have the wrong
type, and does not say so; with a list, unsubscribing there takes the person off it, and Brevo forgets that they left.
Klaviyo would take back who has unsubscribed, so that each person is looked up first, and the rule has to give consent;
it answers before it has done anything, so that the state is what should come of it; and it unsubscribes somebody who is
not on the list from all e-mail marketing.

When nobody knows whether a call was carried out, the next try looks how the person stands, and repeats it if that
cannot mail them twice; so it does after a crash. Where it could, the run is held for a person: double opt-in at Brevo,
Klaviyo's lists of double opt-in, and listmonk's for somebody who was known there; after a crash every subscription at
Klaviyo, and every double opt-in at listmonk. So is unsubscribing from a list at Klaviyo, for the second time it would be
from all marketing. Brevo does not show who has yet to confirm, so that every further
step mails them again. At most 8 calls are made at once through one account; Mailchimp allows 10.`
