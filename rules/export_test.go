package rules

// Candidates tells how many rules an event is held against.
func (s *Set) Candidates(in *Input) int {
	l := s.listeners(in.Event.Source, in.Event.Type)
	if l == nil {
		return 0
	}
	return len(candidates(l.groups(in.Event.Store), environment(in, l.noun, true)))
}
