package ecwidtest

// SetStatus changes the store's subscription to the app: TRIAL, ACTIVE or SUSPENDED. It sends application.subscriptionStatusChanged.
func (s *Store) SetStatus(status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.status
	s.status = status
	s.emit("application.subscriptionStatusChanged", s.options.StoreID, map[string]any{"oldSubscriptionStatus": was, "newSubscriptionStatus": status})
}

// SetPlan changes the plan that the store has at Ecwid, such as ECWID_UNLIMITED, and sends profile.subscriptionStatusChanged.
func (s *Store) SetPlan(plan string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.plan
	s.plan = plan
	if account, ok := s.profile["account"].(entity); ok {
		account["paid"] = plan != "ECWID_FREE"
	}
	s.stamps["profile"] = s.options.Now()
	s.emit("profile.subscriptionStatusChanged", s.number(), map[string]any{"oldSubscriptionName": was, "newSubscriptionName": plan})
}

// SetStorage changes a value in the app's own storage, and sends application.storageChanged.
func (s *Store) SetStorage(key, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setStorage(key, value)
}

// InstallApp has the merchant install the app of the store's own token, which works again; it sends application.installed. Apps of a
// [Platform] are installed there.
func (s *Store) InstallApp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[s.options.Token] = &grant{scopes: s.options.Scopes}
	s.status = "ACTIVE"
	s.emit("application.installed", s.options.StoreID, nil)
}

// UninstallApp has the merchant remove the app of the store's own token, which is dead from then on; it sends
// application.uninstalled.
func (s *Store) UninstallApp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kill("")
	s.emit("application.uninstalled", s.options.StoreID, nil)
}
