package signed

import (
	"shopbell/secret"
)

// Config is what the operator writes about one sender of webhooks. A key that is not written is as the preset has it.
type Config struct {
	Preset         string      `json:"preset,omitempty" jsonschema:"enum=standard,enum=stripe,enum=shopify,enum=woocommerce,enum=github,enum=slack" jsonschema_description:"A platform whose signatures and event types are known. Other keys change it."`
	Secret         secret.Text `json:"secret,omitempty" jsonschema_description:"The secret that the sender signs with. Without one every webhook is refused."`
	PreviousSecret secret.Text `json:"previous_secret,omitempty" jsonschema_description:"The secret before the current one, accepted too while rotating."`
	Verify         Verify      `json:"verify,omitempty" jsonschema_description:"How a signature is made. Needed without a preset."`

	ID      string `json:"id,omitempty" jsonschema_description:"Expression: the sender's id of the event, the same when it is sent again. Without one, the same content is the same event."`
	Type    string `json:"type,omitempty" jsonschema_description:"Expression: the event type. Needed without a preset."`
	Subject string `json:"subject,omitempty" jsonschema_description:"Expression: the id of what the event is about. The default is the id of the entity."`
	Time    string `json:"time,omitempty" jsonschema_description:"Expression: when it happened, in seconds or milliseconds since 1970 or as text such as 2026-01-31T09:00:00Z."`
	Store   string `json:"store,omitempty" jsonschema_description:"Expression: the id of the store; a bare word such as main is that word. The default is the only one of stores, else the name of the source."`
	Data    string `json:"data,omitempty" jsonschema_description:"Expression: what rules see as event.data. The default is the body."`
	Each    string `json:"each,omitempty" jsonschema_description:"Expression: the list of events, where one request holds several. The other expressions then see each of them as item."`

	Stores Stores               `json:"stores,omitempty" jsonschema_description:"The stores whose events are acted on: a list of ids, or facts about each. Without it, every store is."`
	Events map[string]EventType `json:"events,omitempty" jsonschema_description:"What the event types look like, so that rules on them are checked. Types that are not listed can be used too."`
}

// Verify describes how a signature is made.
type Verify struct {
	Header         string    `json:"header,omitempty" jsonschema_description:"The HTTP header with the signature. Its case does not matter."`
	List           List      `json:"list,omitempty" jsonschema_description:"How a header that holds more than one signature is read."`
	Prefix         string    `json:"prefix,omitempty" jsonschema_description:"What stands before the signature, such as sha256= ."`
	Parts          []Part    `json:"parts,omitempty" jsonschema:"maxItems=16" jsonschema_description:"What is signed, in order. The default is the body."`
	Separator      string    `json:"separator,omitempty" jsonschema_description:"What stands between the parts."`
	Algorithm      string    `json:"algorithm,omitempty" jsonschema:"enum=hmac-sha256,enum=hmac-sha512,enum=hmac-sha384,enum=hmac-sha1,default=hmac-sha256" jsonschema_description:"With what the parts are signed."`
	Encoding       string    `json:"encoding,omitempty" jsonschema:"enum=hex,enum=base64,enum=base64url,default=hex" jsonschema_description:"How the signature is written. Base64 may be padded or not."`
	SecretEncoding string    `json:"secret_encoding,omitempty" jsonschema:"enum=text,enum=base64,enum=hex,default=text" jsonschema_description:"How the secret is written. Most senders use its text as the key."`
	SecretPrefix   string    `json:"secret_prefix,omitempty" jsonschema_description:"What may stand before an encoded secret and is no part of it, such as whsec_ ."`
	Timestamp      Timestamp `json:"timestamp,omitempty" jsonschema_description:"Where the time of signing is; it must be signed, too."`
	Tolerance      string    `json:"tolerance,omitempty" jsonschema:"pattern=^([0-9]+(ms|s|m|h))+$" jsonschema_description:"How old a signature may be, or how far ahead. The default is 5m where there is a timestamp; 0s turns the check off."`
}

// List says how a header that holds several entries is read, such as "t=1,v1=ab,v1=cd".
type List struct {
	Between string   `json:"between,omitempty" jsonschema_description:"What stands between two entries, such as a comma or a space."`
	Assign  string   `json:"assign,omitempty" jsonschema_description:"What stands between the key of an entry and its value, such as = ."`
	Keys    []string `json:"keys,omitempty" jsonschema:"maxItems=8" jsonschema_description:"The keys of the entries that are signatures, such as v1. Others are passed over."`
}

// Part is one signed part. Exactly one key is given.
type Part struct {
	Body    bool   `json:"body,omitempty" jsonschema_description:"true for the body, byte for byte."`
	Header  string `json:"header,omitempty" jsonschema_description:"The value of a header."`
	Entry   string `json:"entry,omitempty" jsonschema_description:"The value of an entry in the signature's header, by its key."`
	JSON    string `json:"json,omitempty" jsonschema_description:"A field of the body, such as data.id. A number counts as it is written."`
	Literal string `json:"literal,omitempty" jsonschema_description:"This text."`
}

// Timestamp says where the time of signing is. Exactly one of header, entry and json is given.
type Timestamp struct {
	Header string `json:"header,omitempty" jsonschema_description:"The header that holds it."`
	Entry  string `json:"entry,omitempty" jsonschema_description:"The key of the entry in the signature's header that holds it."`
	JSON   string `json:"json,omitempty" jsonschema_description:"The field of the body that holds it."`
	Unit   string `json:"unit,omitempty" jsonschema:"enum=s,enum=ms,enum=rfc3339,default=s" jsonschema_description:"Seconds or milliseconds since 1970, or text such as 2026-01-31T09:00:00Z."`
}

// EventType says what one event type looks like.
type EventType struct {
	Doc     string   `json:"doc,omitempty" jsonschema_description:"When it happens, one sentence."`
	Names   []string `json:"names,omitempty" jsonschema:"maxItems=20" jsonschema_description:"Other names that the sender uses for it."`
	Noun    string   `json:"noun,omitempty" jsonschema_description:"The name under which rules see the entity, such as order. The signature must cover the body."`
	Entity  string   `json:"entity,omitempty" jsonschema_description:"Expression: where in the body the entity is. The default is the body."`
	Subject string   `json:"subject,omitempty" jsonschema_description:"Expression: the id of what it is about. The default is the id of the entity."`
	Change  string   `json:"change,omitempty" jsonschema:"enum=created,enum=updated,enum=deleted,enum=other" jsonschema_description:"What became of the entity. The default is what the type's name ends in."`
	Schema  any      `json:"schema,omitempty" jsonschema_description:"A JSON Schema of the body: the path of a file, or the schema itself."`
	Sample  any      `json:"sample,omitempty" jsonschema_description:"A body as it came, or a list of them: the path of a file, or the body itself."`
}
