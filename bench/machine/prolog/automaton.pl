t(s0, a, s0). t(s0, b, s0). t(s0, a, s1). t(s1, b, s2).
final(s2).
accept(S, []) :- final(S).
accept(S, [X|W]) :- t(S, X, T), accept(T, W).
?- accept(s0, [a, b, a, b]).
?- accept(s0, [b, a]).
?- accept(s0, [X, Y, Z]).
