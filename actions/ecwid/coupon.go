package ecwid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"shopbell/actions"
)

// A Coupon is a discount coupon to make.
type Coupon struct {
	Code       string  `json:"code,omitempty" jsonschema:"minLength=1,maxLength=64" jsonschema_description:"What customers type in. Left out, it is made of the step's key: twelve letters and digits, the same on every try."`
	Name       string  `json:"name,omitempty" jsonschema_description:"What the merchant sees. Default: the code."`
	Type       string  `json:"type" jsonschema:"enum=PERCENT,enum=ABS,enum=SHIPPING,enum=PERCENT_AND_SHIPPING,enum=ABS_AND_SHIPPING" jsonschema_description:"What it takes off: a share, an amount, the shipping, or both."`
	Value      float64 `json:"value,omitempty" jsonschema:"minimum=0" jsonschema_description:"The share in per cent, or the amount in the store's currency. Not with SHIPPING."`
	MinTotal   float64 `json:"min_total,omitempty" jsonschema:"minimum=0" jsonschema_description:"The least that an order must come to."`
	Uses       string  `json:"uses,omitempty" jsonschema:"enum=SINGLE,enum=ONCEPERCUSTOMER,enum=UNLIMITED,default=SINGLE" jsonschema_description:"How often it can be used: once, once by each customer, or as often as they like."`
	For        string  `json:"for,omitempty" jsonschema:"enum=UNLIMITED,enum=NEW_CUSTOMER_ONLY,enum=REPEAT_CUSTOMER_ONLY,default=UNLIMITED" jsonschema_description:"Who can use it: everybody, or only who buys for the first time, or only who has bought before."`
	Starts     string  `json:"starts,omitempty" jsonschema_description:"From when: a date such as 2026-12-01, a moment such as 2026-12-01T08:00:00Z, or a time from now such as 2d."`
	Expires    string  `json:"expires,omitempty" jsonschema_description:"Until when, in the same words. A date is over at its end, in UTC."`
	Products   []int64 `json:"products,omitempty" jsonschema:"minItems=1" jsonschema_description:"Only for these products, by their numbers."`
	Categories []int64 `json:"categories,omitempty" jsonschema:"minItems=1" jsonschema_description:"Only for these categories, by their numbers."`
}

// check looks at what the schema cannot say.
func (c *Coupon) check() error {
	ships := c.Type == "SHIPPING"
	switch {
	case ships && c.Value != 0:
		return errors.New("coupon.value is given, but SHIPPING takes off the shipping alone; with a discount, it is PERCENT_AND_SHIPPING or ABS_AND_SHIPPING")
	case strings.HasPrefix(c.Type, "PERCENT") && c.Value > 100:
		return fmt.Errorf("coupon.value is %s per cent; it is at most 100", strconv.FormatFloat(c.Value, 'f', -1, 64))
	case actions.Known(c.Code) && c.Code != "" && !code.MatchString(c.Code):
		return fmt.Errorf("coupon.code %q has a character other than letters, digits, - and _", c.Code)
	}
	for key, text := range map[string]string{"starts": c.Starts, "expires": c.Expires} {
		if text == "" || !actions.Known(text) {
			continue
		}
		if _, err := moment(text, key == "expires", time.Time{}); err != nil {
			return fmt.Errorf("coupon.%s: %w", key, err)
		}
	}
	return nil
}

// code is what customers can type without mistakes, and what stays itself in a path.
var code = regexp.MustCompile(`^[\pL\pN_-]+$`)

// fromNow is a length of time, in days or hours.
var fromNow = regexp.MustCompile(`^([1-9][0-9]{0,3})([dh])$`)

// moment reads a time as people write it. last says that a date means its end.
func moment(text string, last bool, now time.Time) (time.Time, error) {
	if parts := fromNow.FindStringSubmatch(text); parts != nil {
		n, _ := strconv.Atoi(parts[1]) // digits, and few
		unit := time.Hour
		if parts[2] == "d" {
			unit = 24 * time.Hour
		}
		return now.Add(time.Duration(n) * unit), nil
	}
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		if last {
			at = at.Add(24*time.Hour - time.Second)
		}
		return at, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a date such as 2026-12-01, a moment such as 2026-12-01T08:00:00Z or a time from now such as 30d", text)
	}
	return at, nil
}

// makeCoupon makes a coupon, or finds the one that an earlier try has made.
func (s shop) makeCoupon(ctx context.Context, key string, c *Coupon) (actions.Result, error) {
	set, err := c.fields(time.Now())
	if err != nil {
		return nil, actions.Permanent(actions.BlameRequest, err)
	}
	made, err := s.env.Create(ctx, s.source, s.store, "discount_coupon", key, set)
	if err != nil {
		return nil, err
	}
	var coupon struct {
		ID   json.Number `json:"id"`
		Code string      `json:"code"`
	}
	if json.Unmarshal(made, &coupon) != nil || coupon.Code == "" {
		return nil, actions.RetryAfter(0, errors.New("what the store has made has not the form of a coupon"))
	}
	return actions.Result{"code": coupon.Code, "coupon": coupon.ID.String()}, nil
}

// fields are a coupon as Ecwid's API takes it.
func (c *Coupon) fields(now time.Time) (map[string]json.RawMessage, error) {
	set := map[string]json.RawMessage{"discountType": raw(c.Type), "status": raw("ACTIVE"), "usesLimit": raw(or(c.Uses, "SINGLE")),
		"applicationLimit": raw(or(c.For, "UNLIMITED"))}
	if c.Type != "SHIPPING" {
		set["discount"] = raw(c.Value)
	}
	for field, value := range map[string]string{"code": c.Code, "name": c.Name} {
		if value != "" {
			set[field] = raw(value)
		}
	}
	if c.MinTotal > 0 {
		set["totalLimit"] = raw(c.MinTotal)
	}
	for field, text := range map[string]string{"launchDate": c.Starts, "expirationDate": c.Expires} {
		if text == "" {
			continue
		}
		at, err := moment(text, field == "expirationDate", now)
		if err != nil {
			return nil, err
		}
		set[field] = raw(at.UTC().Format("2006-01-02 15:04:05 -0700"))
	}
	limit := map[string][]int64{}
	if len(c.Products) > 0 {
		limit["products"] = c.Products
	}
	if len(c.Categories) > 0 {
		limit["categories"] = c.Categories
	}
	if len(limit) > 0 {
		set["catalogLimit"] = raw(limit)
	}
	return set, nil
}

func or(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
