len([], z).
len([_|T], s(N)) :- len(T, N).
?- len([a, b, c], N).
?- len(L, s(s(z))).
?- len(L, N).
