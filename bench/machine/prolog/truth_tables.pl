bool(t). bool(f).
and(t, t, t). and(t, f, f). and(f, t, f). and(f, f, f).
or(t, t, t). or(t, f, t). or(f, t, t). or(f, f, f).
neg(t, f). neg(f, t).
eval(lit(X), X) :- bool(X).
eval(conj(A, B), V) :- eval(A, X), eval(B, Y), and(X, Y, V).
eval(disj(A, B), V) :- eval(A, X), eval(B, Y), or(X, Y, V).
eval(neg(A), V) :- eval(A, X), neg(X, V).
?- eval(conj(lit(X), disj(neg(lit(Y)), lit(X))), t).
?- eval(conj(lit(X), neg(lit(X))), t).
