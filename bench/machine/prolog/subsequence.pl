subseq([], []).
subseq([H|T], [H|R]) :- subseq(T, R).
subseq([_|T], R) :- subseq(T, R).
?- subseq([a, b, c, d], S).
?- subseq([a, b, a], [a]).
