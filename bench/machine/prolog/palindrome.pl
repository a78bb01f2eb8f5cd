pal(L) :- rev(L, [], L).
rev([], A, A).
rev([H|T], A, R) :- rev(T, [H|A], R).
?- pal([r, a, d, a, r]).
?- pal([X, b, Y, Z]).
?- pal([a, b]).
