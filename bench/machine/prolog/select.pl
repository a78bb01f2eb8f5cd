sel(X, [X|T], T).
sel(X, [H|T], [H|R]) :- sel(X, T, R).
?- sel(X, [a, b, c], R).
?- sel(x, L, [a, b]).
