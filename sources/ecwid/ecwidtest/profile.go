package ecwidtest

func (s *Store) newProfile() entity {
	o := s.options
	language := "en"
	return entity{
		"generalInfo": entity{"storeId": s.number(), "storeUrl": o.URL, "websitePlatform": "instantsite", "profileId": "p" + o.StoreID,
			"starterSite": entity{"ecwidSubdomain": "store" + o.StoreID, "ecwidSubdomainSuffix": "company.site", "generatedUrl": o.URL}},
		"account": entity{"accountName": o.Name, "accountNickName": o.Name, "accountEmail": o.Email, "whiteLabel": false, "suspended": false,
			"paid": true, "brandName": "Ecwid", "supportEmail": "support@example.com", "registrationDate": "2018-11-23 14:39:14 +0000",
			"availableFeatures": []any{"PREMIUM", "API", "DISCOUNT_COUPONS", "INVENTORY_TRACKING"}, "limitsAndRestrictions": entity{"maxProductLimit": 2500}},
		"settings": entity{"closed": false, "storeName": o.Name, "storeDescription": "", "orderCommentsEnabled": true, "orderCommentsRequired": false,
			"showAcceptMarketingCheckbox": true, "acceptMarketingCheckboxDefaultValue": false, "abandonedSales": entity{"autoAbandonedSalesRecovery": false}},
		"mailNotifications": entity{"adminNotificationEmails": []any{o.Email}, "customerNotificationFromEmail": o.Email},
		"company": entity{"companyName": o.Name, "email": o.Email, "street": "Glockengasse 4711", "city": "Köln", "countryCode": "DE",
			"postalCode": "50667", "stateOrProvinceCode": "NW", "phone": "+49221123456"},
		"formatsAndUnits": entity{"currency": o.Currency, "currencyPrefix": "", "currencySuffix": " " + o.Currency, "currencyGroupSeparator": " ",
			"currencyDecimalSeparator": ",", "currencyPrecision": 2, "currencyTruncateZeroFractional": false, "currencyRate": usdRate,
			"weightUnit": "KILOGRAM", "dateFormat": "dd.MM.yyyy", "timeFormat": "HH:mm:ss", "timezone": o.Timezone, "dimensionsUnit": "CM",
			"orderNumberPrefix": "", "orderNumberSuffix": ""},
		"languages": entity{"enabledLanguages": []any{language}, "defaultLanguage": language, "facebookPreferredLocale": "en_US"},
	}
}

// UpdateProfile changes the store's settings and sends profile.updated.
func (s *Store) UpdateProfile(change func(profile map[string]any)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updateProfile(change)
}

func (s *Store) updateProfile(change func(profile map[string]any)) {
	change(s.profile)
	s.stamps["profile"] = s.options.Now()
	s.emit("profile.updated", s.number(), nil)
}
