package engine

// For tests of what is replaced.
var (
	IsEmail = isEmail
	IsPhone = isPhone
)
