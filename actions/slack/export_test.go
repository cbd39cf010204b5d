package slack

// Codes lists the codes that there is a verdict on.
func Codes() []string {
	list := make([]string, len(verdicts))
	for i, v := range verdicts {
		list[i] = v.code
	}
	return list
}
