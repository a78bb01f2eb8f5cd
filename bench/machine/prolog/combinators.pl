red(app(i, X), X).
red(app(app(k, X), _), X).
red(app(app(app(s, X), Y), Z), app(app(X, Z), app(Y, Z))).
red(app(X, Y), app(X1, Y)) :- red(X, X1).
red(app(X, Y), app(X, Y1)) :- red(Y, Y1).
many(X, X).
many(X, Z) :- red(X, Y), many(Y, Z).
?- many(app(app(app(s, k), k), a), T).
?- red(app(i, app(i, a)), T).
