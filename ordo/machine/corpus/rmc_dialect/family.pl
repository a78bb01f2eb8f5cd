% Who descends from whom. Clause order gives the children first, then theirs.
% ask: anc(tom, W)
% expect: W = bob | W = liz | W = ann | W = pat | W = jim
par(tom, bob). par(tom, liz). par(bob, ann). par(bob, pat). par(pat, jim).
anc(X, Y) :- par(X, Y).
anc(X, Y) :- par(X, Z), anc(Z, Y).
