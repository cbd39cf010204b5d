package main

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// A sweep is one parameter with the values to simulate it for. It is a flag; without values it changes nothing.
type sweep struct {
	name   string
	values []string
}

// String gives it as it is written.
func (s *sweep) String() string {
	if s.name == "" {
		return ""
	}
	return s.name + "=" + strings.Join(s.values, ",")
}

// Set reads it.
func (s *sweep) Set(text string) error {
	name, values, ok := strings.Cut(text, "=")
	if !ok || values == "" {
		return errors.New("want a name and values, such as nodes=1,2,3")
	}
	*s = sweep{name, strings.Split(values, ",")}
	_, err := s.apply(parameters{})
	return err
}

// apply gives the parameters for each value.
func (s *sweep) apply(p parameters) ([]parameters, error) {
	if s.name == "" {
		return []parameters{p}, nil
	}
	var all []parameters
	for _, value := range s.values {
		var err error
		switch s.name {
		case "nodes":
			p.nodes, err = positive(value)
		case "workers":
			p.workers, err = positive(value)
		case "rate":
			p.rate, err = strconv.ParseFloat(value, 64)
			if !(p.rate > 0) {
				err = errors.New("a rate must be above 0")
			}
		case "provider":
			p.provider.median, err = time.ParseDuration(value)
		default:
			err = errors.New("only nodes, workers, rate and provider can be swept")
		}
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func positive(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err == nil && n < 1 {
		err = errors.New("want 1 or more")
	}
	return n, err
}
