#include "ordo/machine/fmc_encode.h"

#include <algorithm>
#include <string>

namespace ordo::machine::fmc {

Encoder::Encoder(Terms& terms)
    : terms_(terms),
      x_(terms.intern("x")),
      ignored_(terms.intern("_")),
      push_bound_(push(terms.bound(0))),
      write_(terms.pop(kMain, x_, terms.push(terms.bound(0), terms.intern("out"), terms.skip()))),
      drop_(terms.pop(kMain, ignored_, terms.skip())) {}

TermId Encoder::then(TermId first, TermId second) {
  if (first == terms_.skip()) return second;
  if (second == terms_.skip()) return first;
  return terms_.join(first, kSkip, second);
}

TermId Encoder::get(Symbol cell) {
  const auto [place, fresh] = put_back_.try_emplace(cell, 0);
  if (fresh) place->second = terms_.push(terms_.bound(0), cell, push_bound_);
  return terms_.pop(cell, x_, place->second);
}

TermId Encoder::set(Symbol cell) {
  const auto [place, fresh] = store_.try_emplace(cell, 0);
  if (fresh) {
    const TermId store = terms_.push(terms_.bound(1), cell, terms_.skip());
    place->second = terms_.pop(cell, ignored_, store);
  }
  return terms_.pop(kMain, x_, place->second);
}

TermId Encoder::read() { return terms_.pop(terms_.intern("in"), x_, push_bound_); }

TermId Encoder::constant(Symbol jump) {
  const auto [place, fresh] = constants_.try_emplace(jump, 0);
  if (fresh) place->second = push(terms_.jump(jump));
  return place->second;
}

TermId Encoder::branch(Symbol location, TermId yes, TermId no) {
  const Symbol label = terms_.intern("K" + std::to_string(++labels_));
  const TermId decide =
      terms_.join(terms_.bound(0), terms_.false_jump(), terms_.join(no, kSkip, terms_.jump(label)));
  const TermId both = terms_.join(decide, terms_.true_jump(), yes);
  return terms_.pop(location, terms_.intern("b"), terms_.join(both, label, terms_.skip()));
}

TermId Encoder::conditional(TermId condition, TermId yes, TermId no) {
  return then(condition, branch(kMain, yes, no));
}

TermId Encoder::choice(std::string_view stream, TermId first, TermId second) {
  return branch(terms_.intern(stream), first, second);
}

TermId Encoder::loop(TermId condition, TermId body) {
  const TermId round = terms_.join(body, terms_.intern("Continue"), terms_.skip());
  const TermId decide = terms_.join(terms_.bound(0), terms_.false_jump(), jump("Break"));
  const TermId both = terms_.join(decide, terms_.true_jump(), round);
  const TermId whole = then(condition, terms_.pop(kMain, terms_.intern("b"), both));
  return terms_.join(terms_.loop(whole, kSkip), terms_.intern("Break"), terms_.skip());
}

bool Encoder::is_reserved(std::string_view jump) {
  constexpr std::string_view kReserved[] = {"True", "False", "Break", "Continue", "Ret"};
  const bool label = jump.size() > 1 && jump[0] == 'K' &&
                     jump.find_first_not_of("0123456789", 1) == std::string_view::npos;
  return label ||
         std::find(std::begin(kReserved), std::end(kReserved), jump) != std::end(kReserved);
}

}  // namespace ordo::machine::fmc
