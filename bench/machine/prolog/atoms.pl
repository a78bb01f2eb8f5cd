p('hello world', 0'a, 0x1F). p(end, nil, cons(1, [])). p([], {}, '[]x'). p(-3, - 3, a - 3).
?- p(X, Y, Z).
?- p(end, X, cons(Y, Z)).
?- p(A, nil, B).
