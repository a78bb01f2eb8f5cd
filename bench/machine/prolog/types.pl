% Simple types of lambda terms in de Bruijn notation: unification with an occurs check matters.
type(G, var(N), T) :- nth(N, G, T).
type(G, lam(M), arr(A, B)) :- type([A|G], M, B).
type(G, app(M, N), B) :- type(G, M, arr(A, B)), type(G, N, A).
nth(z, [T|_], T).
nth(s(N), [_|G], T) :- nth(N, G, T).
?- type([], lam(var(z)), T).
?- type([], lam(lam(lam(app(app(var(s(s(z))), var(z)), app(var(s(z)), var(z)))))), T).
?- type([], lam(app(var(s(z)), var(z))), T).
