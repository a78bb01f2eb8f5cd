% Four queens; that two places differ is a relation of its own.
sel(X, [X|T], T).
sel(X, [H|T], [H|R]) :- sel(X, T, R).
ne(z, s(_)).
ne(s(_), z).
ne(s(X), s(Y)) :- ne(X, Y).
add(z, Y, Y).
add(s(X), Y, s(Z)) :- add(X, Y, Z).
queens(L) :- place([z, s(z), s(s(z)), s(s(s(z)))], [], L).
place([], L, L).
place(F, Q, L) :- sel(X, F, R), safe(X, Q, s(z)), place(R, [X|Q], L).
safe(_, [], _).
safe(X, [Y|T], D) :- add(X, D, U), ne(U, Y), add(Y, D, V), ne(V, X), safe(X, T, s(D)).
?- queens(L).
