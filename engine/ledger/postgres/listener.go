package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// A driver is River's, with a listener that comes back as soon as the database does, and a fence around the jobs of others.
type driver struct {
	*riverpgxv5.Driver
	worker *worker
}

var _ riverdriver.Driver[pgx.Tx] = (*driver)(nil)

// GetListener implements [riverdriver.Driver].
func (d *driver) GetListener(p *riverdriver.GetListenenerParams) riverdriver.Listener {
	return &listener{Listener: d.Driver.GetListener(p), back: d.worker.heardNothing}
}

// A listener hears of new work. River would wait longer with each try to reconnect, minutes in the end, and the node would be
// deaf for as long after the database is back. Its methods are called by one goroutine of River's.
type listener struct {
	riverdriver.Listener
	back   func()
	lost   bool
	pinged time.Time
}

const (
	reconnectEvery  = time.Second
	reconnectWithin = 5 * time.Second
	pingEvery       = 30 * time.Second // River would ask every five seconds
)

// Connect implements [riverdriver.Listener]. It ends when it has connected, or when River stops.
func (l *listener) Connect(ctx context.Context) error {
	for {
		try, cancel := context.WithTimeout(context.WithoutCancel(ctx), reconnectWithin)
		err := l.Listener.Connect(try)
		cancel()
		if err == nil || errors.Is(ctx.Err(), context.Canceled) {
			return err
		}
		l.lost = true
		select {
		case <-time.After(reconnectEvery):
		case <-canceled(ctx):
			return ctx.Err()
		}
	}
}

// canceled gives a channel that is closed when ctx was cancelled, and not when its time has passed.
func canceled(ctx context.Context) <-chan struct{} {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil
	}
	return ctx.Done()
}

// Listen implements [riverdriver.Listener].
func (l *listener) Listen(ctx context.Context, topic string) error {
	err := l.Listener.Listen(ctx, topic)
	if err == nil && l.lost {
		l.back()
	}
	return err
}

// WaitForNotification implements [riverdriver.Listener].
func (l *listener) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	n, err := l.Listener.WaitForNotification(ctx)
	if err != nil && ctx.Err() == nil {
		l.lost = true
	}
	return n, err
}

// Ping implements [riverdriver.Listener].
func (l *listener) Ping(ctx context.Context) error {
	if time.Since(l.pinged) < pingEvery {
		return nil
	}
	err := l.Listener.Ping(ctx)
	if err != nil && ctx.Err() == nil {
		l.lost = true
		return err
	}
	l.pinged = time.Now()
	return err
}
