package sms

import (
	"time"

	"shopbell/actions"
)

// twilioVerdicts are the codes that Twilio refuses a message with, or gives as the reason in a report. Twilio changes its codes,
// so a status comes first, and a code that is not here is what its status is.
func twilioVerdicts() []verdict {
	const (
		retry, skip, permanent      = actions.OutcomeRetry, actions.OutcomeSkip, actions.OutcomePermanent
		recipient, request, account = actions.BlameRecipient, actions.BlameRequest, actions.BlameAccount
	)
	later := more{wait: 30 * time.Minute}
	return []verdict{
		{"20429", retry, "", "too many requests at once", documented, more{}},
		{"21610", skip, "", "the recipient replied STOP, and gets nothing until they reply START", documented, more{stop: "replied STOP"}},
		{"21211", permanent, recipient, "there is no such number", documented, more{}},
		{"21614", permanent, recipient, "the number is not a mobile one", unchecked, more{}},
		{"21408", permanent, account, "texts to that country are switched off in Twilio's geographic permissions", unchecked, more{part: "texts to that country"}},
		{"21617", permanent, request, "the text is longer than 1,600 characters", unchecked, more{}},
		{"21606", permanent, account, "from cannot send texts to there", unchecked, more{part: "texts to there"}},
		{"21659", permanent, account, "from cannot send texts to there", unchecked, more{part: "texts to there"}},
		{"21608", permanent, account, "a trial account sends only to numbers that were verified", unchecked, more{part: "numbers that were not verified"}},
		{"21611", retry, "", "the sender has more waiting than goes out in hours", documented, later},
		{"30001", retry, "", "it waited too long in the sender's queue", documented, later},
		{"30003", permanent, recipient, "the phone is switched off or out of reach", told, more{}},
		{"30005", permanent, recipient, "nobody has that number", told, more{stop: "nobody has that number"}},
		{"30006", permanent, recipient, "it is a landline, or its network takes no texts", told, more{stop: "a landline, or a network that takes no texts"}},
		{"30007", permanent, request, "it was filtered out as spam", told, more{}},
		{"30034", permanent, account, "from is not registered for texts in the USA (A2P 10DLC)", told, more{part: "texts to the USA"}},
		{"30036", permanent, request, "it was not out in time, and has expired", documented, more{}},
		{"20003", permanent, account, "the account or its token is wrong", told, more{}},
		{"20404", permanent, account, "there is no such account", told, more{}},
		{"10001", permanent, account, "the account is not active", told, more{}},
		{"63016", permanent, request, "outside of 24 hours after the recipient wrote, WhatsApp takes only templates", told, more{}},
	}
}
