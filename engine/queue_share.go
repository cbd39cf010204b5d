package engine

// workersOf gives how many workers a group may have. None at all would keep its work for ever.
func (q *queue[T]) workersOf(g *group[T]) int {
	if q.most == nil {
		return q.bounds.perGroup
	}
	return max(1, q.most(g.name))
}

// fill lets lanes that are parked go, as many as the group has room for: none when it may have fewer workers by now.
func (q *queue[T]) fill(g *group[T]) {
	for g.parked.len() > 0 && g.working < q.workersOf(g) {
		q.makeReady(g.parked.pop())
	}
}

// fillAll is fill after groups may have other numbers of workers.
func (q *queue[T]) fillAll() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, g := range q.groups {
		q.fill(g)
	}
}

// vacate gives up a lane's place in its group while its head is still inside. When a parked lane has that place, nobody is woken for it.
func (q *queue[T]) vacate(l *lane[T]) {
	g := l.group
	l.group = nil
	g.working--
	if q.ready.len() == 0 && g.parked.len() > 0 && g.working < q.workersOf(g) {
		g.working++
		q.ready.push(g.parked.pop())
	}
	q.fill(g)
}
