c(red). c(green). c(blue).
d(red, green). d(red, blue). d(green, red). d(green, blue). d(blue, red). d(blue, green).
map(WA, NT, SA, Q, NSW, V) :-
  c(WA), d(WA, NT), d(WA, SA), d(NT, SA), d(NT, Q), d(SA, Q), d(SA, NSW), d(Q, NSW),
  d(SA, V), d(NSW, V).
?- map(WA, NT, SA, Q, NSW, V).
