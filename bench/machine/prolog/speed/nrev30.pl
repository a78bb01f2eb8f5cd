% Naive reverse of 30 elements, 20,000 times: 496 inferences each.
app([], L, L).
app([H|T], L, [H|R]) :- app(T, L, R).
rev([], []).
rev([H|T], R) :- rev(T, S), app(S, [H], R).
list([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
      26, 27, 28, 29, 30]).
d(0). d(1). d(2). d(3). d(4). d(5). d(6). d(7). d(8). d(9).
two(0). two(1).
bench :- two(_), d(_), d(_), d(_), d(_), list(L), rev(L, _), fail.
bench.
?- bench.
