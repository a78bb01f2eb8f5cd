last([X], X).
last([_|T], X) :- last(T, X).
but_last([_], []).
but_last([H|T], [H|R]) :- but_last(T, R).
?- last([a, b, c], X).
?- but_last([a, b, c], X).
?- last(L, a).
