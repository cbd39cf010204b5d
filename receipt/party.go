package receipt

import (
	"cmp"
	"slices"
	"strings"
)

// A Party is a person or company with an address.
type Party struct {
	Lines []string // name, company, street and so on
	Email string
	TaxID string
}

// A Seller is the company of a store.
type Seller struct {
	Party
	Name         string // of the shop
	Registration string // number in a register of companies
	Phone, URL   string
	Country      string // ISO 3166
}

// addressed gives who is at an address, in the order of the address's country. No address gives no lines.
func addressed(a object) Party {
	name := cmp.Or(a.text("name"), oneLine(a.text("firstName", "first_name")+" "+a.text("lastName", "last_name")))
	street := a.lines("street")
	if number := a.text("street_number"); number != "" && len(street) > 0 {
		street[0] += " " + number
	}
	for _, part := range []string{"address1", "address_1", "address2", "address_2", "additional_info"} {
		if t := a.text(part); t != "" {
			street = append(street, t)
		}
	}
	p := Party{TaxID: a.text("company_vat", "vat_id")}
	p.Lines = some(append([]string{a.text("companyName", "company_name", "company"), name}, street...)...)
	p.Lines = append(p.Lines, some(townOf(a), a.text("countryName", "country_name", "country", "countryCode", "country_code"))...)
	if len(p.Lines) > 1 && p.Lines[0] == p.Lines[1] {
		p.Lines = p.Lines[1:]
	}
	return p
}

// townOf writes town, region and postal code as their country does.
func townOf(a object) string {
	city, code := a.text("city"), a.text("postalCode", "postal_code", "zip", "postcode")
	switch country := a.text("countryCode", "country_code", "country"); country {
	case "US", "CA", "AU":
		region := a.text("stateOrProvinceCode", "province_code", "state")
		return strings.Join(some(strings.Join(some(city, region), ", "), code), " ")
	case "GB", "IE", "IN", "NZ", "ZA":
		return strings.Join(some(city, code), " ")
	}
	return strings.Join(some(code, city), " ")
}

// some gives the texts that are not empty.
func some(texts ...string) []string {
	return slices.DeleteFunc(slices.Clone(texts), func(t string) bool { return t == "" })
}

// sellerOf reads a store's profile as rules have it, or as Ecwid's API gives it, or a company's own data.
func sellerOf(o object) Seller {
	company := o.in("company")
	s := Seller{
		Name:         cmp.Or(o.text("name"), o.in("settings").text("storeName"), o.text("company"), company.text("companyName", "name"), o.in("account").text("accountName")),
		Registration: cmp.Or(o.text("registration"), company.text("registration")),
		Phone:        cmp.Or(o.text("phone"), company.text("phone")),
		URL:          cmp.Or(o.text("url"), o.in("generalInfo").text("storeUrl")),
		Country:      strings.ToUpper(cmp.Or(o.text("country"), company.text("countryCode"))),
	}
	s.Email = cmp.Or(o.text("email"), company.text("email"), o.in("account").text("accountEmail"))
	s.TaxID = cmp.Or(o.text("vat_id", "tax_id"), company.text("vat_id"), o.in("taxSettings").text("taxId"))
	if legal := cmp.Or(o.text("company"), company.text("companyName", "name")); legal != s.Name {
		s.Lines = some(legal)
	}
	s.Lines = append(s.Lines, o.lines("address")...)
	if len(o.lines("address")) == 0 {
		from := company
		if len(from) == 0 {
			from = o
		}
		place := object{"street": from["street"], "city": from["city"], "postalCode": cmp.Or(from.text("postalCode", "postal_code")),
			"stateOrProvinceCode": from.text("stateOrProvinceCode", "state"), "countryCode": s.Country}
		if found := addressed(place); len(found.Lines) > 1 { // more than the country
			s.Lines = append(s.Lines, found.Lines...)
		}
	}
	return s
}

// SellerKeys gives the keys that a company's own data can have.
func SellerKeys() []string {
	return strings.Fields("name company address street city postal_code state country vat_id tax_id registration email phone url currency timezone language")
}
