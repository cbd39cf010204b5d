package sql

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"syscall"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"shopbell/actions"
)

// A verdict says what a code of a database means.
type verdict struct {
	code    string // a trailing * stands for anything
	outcome actions.Outcome
	blame   actions.Blame
	words   string // what to do, for people; "" when the database's own words say it
}

const (
	retry     = actions.OutcomeRetry
	permanent = actions.OutcomePermanent
	unknown   = actions.OutcomeUnknown
	ofAccount = actions.BlameAccount
	ofRequest = actions.BlameRequest
)

// The codes. The first that fits counts; one that is not here may pass, so that it is tried again.
var (
	// postgresCodes are SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html.
	postgresCodes = [...]verdict{
		{"08007", unknown, "", ""},
		{"40003", unknown, "", ""},
		{"08*", retry, "", ""},
		{"0A*", permanent, ofRequest, ""},
		{"22*", permanent, ofRequest, ""},
		{"23*", permanent, ofRequest, ""},
		{"25006", retry, "", "the server only reads for now"},
		{"28*", permanent, ofAccount, ""},
		{"3D*", permanent, ofAccount, ""},
		{"3F*", permanent, ofAccount, ""},
		{"40*", retry, "", ""},
		{"42501", permanent, ofAccount, ""},
		{"42*", permanent, ofRequest, ""},
		{"44*", permanent, ofRequest, ""},
		{"53*", retry, "", ""},
		{"54*", permanent, ofRequest, ""},
		{"57P04", permanent, ofAccount, ""},
		{"57*", retry, "", ""},
		{"P0*", permanent, ofRequest, ""},
	}
	// mysqlCodes are those of MySQL and MariaDB.
	mysqlCodes = [...]verdict{
		{"1020", retry, "", ""}, // the row has changed since it was read
		{"1021", retry, "", ""}, // the disk is full
		{"1040", retry, "", ""}, // too many connections
		{"1053", retry, "", ""}, // shutting down
		{"1114", retry, "", ""}, // the table is full
		{"1203", retry, "", ""}, // too many connections of this user
		{"1205", retry, "", ""}, // waited too long for a lock
		{"1213", retry, "", ""}, // deadlock
		{"1226", retry, "", ""}, // this user has had enough for this hour
		{"1290", retry, "", "the server only reads for now"},
		{"1317", retry, "", ""}, // interrupted
		{"1836", retry, "", "the server only reads for now"},
		{"1969", retry, "", ""},   // max_statement_time
		{"2006", retry, "", ""},   // gone away
		{"2013", unknown, "", ""}, // lost while the statement was under way
		{"1180", unknown, "", ""}, // an error while committing
		{"1927", unknown, "", ""}, // killed
		{"1044", permanent, ofAccount, ""},
		{"1045", permanent, ofAccount, ""},
		{"1049", permanent, ofAccount, ""},
		{"1129", permanent, ofAccount, ""},
		{"1130", permanent, ofAccount, ""},
		{"1142", permanent, ofAccount, ""},
		{"1143", permanent, ofAccount, ""},
		{"1227", permanent, ofAccount, ""},
		{"1251", permanent, ofAccount, ""},
		{"1524", permanent, ofAccount, ""},
		{"1698", permanent, ofAccount, ""},
		{"1820", permanent, ofAccount, ""},
		{"1862", permanent, ofAccount, ""},
		{"3118", permanent, ofAccount, ""},
		{"3159", permanent, ofAccount, ""}, // only encrypted connections are taken
		{"4151", permanent, ofAccount, ""},
		{"1048", permanent, ofRequest, ""},
		{"1054", permanent, ofRequest, ""},
		{"1062", permanent, ofRequest, ""},
		{"1064", permanent, ofRequest, ""},
		{"1136", permanent, ofRequest, ""},
		{"1146", permanent, ofRequest, ""},
		{"1153", permanent, ofRequest, ""},
		{"1216", permanent, ofRequest, ""},
		{"1217", permanent, ofRequest, ""},
		{"126*", permanent, ofRequest, ""},
		{"1292", permanent, ofRequest, ""},
		{"1364", permanent, ofRequest, ""},
		{"136*", permanent, ofRequest, ""},
		{"1406", permanent, ofRequest, ""},
		{"1411", permanent, ofRequest, ""},
		{"1451", permanent, ofRequest, ""},
		{"1452", permanent, ofRequest, ""},
		{"1644", permanent, ofRequest, ""}, // SIGNAL of a trigger
		{"1690", permanent, ofRequest, ""},
		{"1906", permanent, ofRequest, ""}, // a generated column
		{"3105", permanent, ofRequest, ""},
		{"3140", permanent, ofRequest, ""},
		{"3819", permanent, ofRequest, ""},
		{"4025", permanent, ofRequest, ""}, // a check that fails
	}
	// sqliteCodes are SQLite's primary codes: https://www.sqlite.org/rescode.html.
	sqliteCodes = [...]verdict{
		{"5", retry, "", "another program is writing to the file"},
		{"6", retry, "", "another program is writing to the file"},
		{"7", retry, "", ""},
		{"9", retry, "", ""},
		{"10", retry, "", ""},
		{"13", retry, "", "the disk is full"},
		{"15", retry, "", ""},
		{"17", retry, "", ""},
		{"1", permanent, ofRequest, ""},
		{"18", permanent, ofRequest, ""},
		{"19", permanent, ofRequest, ""},
		{"20", permanent, ofRequest, ""},
		{"25", permanent, ofRequest, ""},
		{"3", permanent, ofAccount, ""},
		{"8", permanent, ofAccount, "this program may not write to the file and its folder"},
		{"11", permanent, ofAccount, "the file is broken"},
		{"14", permanent, ofAccount, "there is no such file, or this program may not open it"},
		{"23", permanent, ofAccount, ""},
		{"26", permanent, ofAccount, "the file is not a SQLite database"},
	}
)

// An answer is what a database said: its code, and its words without secrets.
type answer struct{ code, words string }

func (a *answer) Error() string { return a.words }

// isDuplicate tells that a unique key of MySQL has the value already.
func isDuplicate(err error) bool {
	a, ok := errors.AsType[*answer](err)
	return ok && a.code == "1062"
}

// isLocked tells that another program writes to a SQLite file.
func isLocked(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xff == 5
}

// coded gives the code and the words of a database's own error.
func coded(err error) (code, words string, ok bool) {
	if e, is := errors.AsType[*pgconn.PgError](err); is {
		return e.Code, e.Message, true
	}
	if e, is := errors.AsType[*mysql.MySQLError](err); is {
		return strconv.Itoa(int(e.Number)), e.Message, true
	}
	if e, is := errors.AsType[*sqlite.Error](err); is {
		return strconv.Itoa(e.Code() & 0xff), e.Error(), true
	}
	return "", "", false
}

// lookup finds the verdict on a code.
func (d *dialect) lookup(code string) verdict {
	for _, v := range d.codes {
		if stem, open := strings.CutSuffix(v.code, "*"); code == v.code || open && strings.HasPrefix(code, stem) {
			return v
		}
	}
	return verdict{outcome: retry}
}

// sorted gives an error its class, and words of our own: a driver's may repeat what it signs in with. wrote tells that a statement
// that changes something may have been sent.
func (b *base) sorted(ctx context.Context, err error, wrote bool) error {
	if err == nil || actions.Sorted(err) {
		return err
	}
	if code, words, ok := coded(err); ok && ctx.Err() == nil {
		return b.judged(code, words)
	}
	switch {
	case errors.Is(err, mysql.ErrNoTLS), strings.Contains(err.Error(), "server refused TLS connection"):
		return actions.Permanent(ofAccount, errors.New(b.name+" does not offer TLS; with tls: none, passwords and data would cross the network in the clear"))
	case errors.Is(err, mysql.ErrPktTooLarge):
		return actions.Permanent(ofRequest, errors.New("the row is too large for the server"))
	case errors.Is(err, mysql.ErrCleartextPassword), errors.Is(err, mysql.ErrOldPassword), errors.Is(err, mysql.ErrUnknownPlugin):
		return actions.Permanent(ofAccount, errors.New(b.name+" wants this user to sign in in a way that would tell its password, or that is not known"))
	}
	text := b.mask.Text(b.name + " " + why(ctx, err))
	if wrote {
		return actions.Unknown(errors.New(text + ", so that the row may have been written"))
	}
	return actions.RetryAfter(0, errors.New(text))
}

// judged makes the error that a code stands for.
func (b *base) judged(code, words string) error {
	v := b.lookup(code)
	text := b.title + " says: " + b.mask.Text(actions.Excerpt([]byte(b.mask.Text(words)))) + " (" + code + ")"
	if v.words != "" {
		text += "; " + v.words
	}
	err := &answer{code, text}
	switch v.outcome {
	case permanent:
		return actions.Permanent(v.blame, err)
	case unknown:
		return actions.Unknown(err)
	}
	return actions.RetryAfter(0, err)
}

// why says in words what went wrong on the way.
func why(ctx context.Context, err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return "is not a known host"
	}
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused the connection"
	case ctx.Err() != nil, isNet && timeout.Timeout():
		return "did not answer in time"
	case strings.Contains(err.Error(), "tls:"), strings.Contains(err.Error(), "x509:"):
		return "has a TLS certificate or settings that are not trusted; ca names the certificates to trust"
	}
	return "broke off the connection"
}
