list([]).
list([X|T]) :- elem(X), list(T).
elem(a).
elem(b).
?- list(L).
