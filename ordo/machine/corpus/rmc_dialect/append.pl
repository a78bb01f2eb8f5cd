% A relation has no direction: append splits lists as well as it joins them.
% ask: app(X, Y, [a, b])
% expect: X = [], Y = [a,b] | X = [a], Y = [b] | X = [a,b], Y = []
app([], L, L).
app([H|T], L, [H|R]) :- app(T, L, R).
