% Each a but the last may be read by either side, the last by either or by a itself: 2^1 + 2^0 ways.
% ask: a
% expect: true | true | true
(a+a)*(a+eps)
