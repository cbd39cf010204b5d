package plugin

// ReadAnswer reads an answer and gives the error that it stands for.
func ReadAnswer(text []byte) (err error, wrong error) {
	a, wrong := readAnswer(text)
	if wrong != nil {
		return nil, wrong
	}
	if _, wrong := output(manifestShape(), a); wrong != nil {
		return nil, wrong
	}
	return a.err("act"), nil
}
