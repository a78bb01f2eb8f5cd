% Who owns the zebra, and who drinks water? A thousand times.
right_of(X, Y, [Y, X|_]).
right_of(X, Y, [_|T]) :- right_of(X, Y, T).
next_to(X, Y, L) :- right_of(X, Y, L).
next_to(X, Y, L) :- right_of(Y, X, L).
mem(X, [X|_]).
mem(X, [_|T]) :- mem(X, T).
zebra(Owner, Drinker) :-
  H = [h(norwegian, _, _, _, _), _, h(_, _, _, milk, _), _, _],
  mem(h(english, red, _, _, _), H),
  right_of(h(_, green, _, _, _), h(_, ivory, _, _, _), H),
  next_to(h(norwegian, _, _, _, _), h(_, blue, _, _, _), H),
  mem(h(_, yellow, kools, _, _), H),
  mem(h(spanish, _, _, _, dog), H),
  mem(h(_, green, _, coffee, _), H),
  mem(h(ukrainian, _, _, tea, _), H),
  mem(h(_, _, luckystrike, juice, _), H),
  mem(h(japanese, _, parliaments, _, _), H),
  mem(h(_, _, oldgold, _, snails), H),
  next_to(h(_, _, chesterfield, _, _), h(_, _, _, _, fox), H),
  next_to(h(_, _, kools, _, _), h(_, _, _, _, horse), H),
  mem(h(Drinker, _, _, water, _), H),
  mem(h(Owner, _, _, _, zebra), H).
d(0). d(1). d(2). d(3). d(4). d(5). d(6). d(7). d(8). d(9).
bench :- d(_), d(_), d(_), zebra(_, _), fail.
bench.
?- bench.
