#include "ordo/machine/rmc_heap.h"

#include <sys/mman.h>

#include "ordo/base/error.h"

namespace ordo::machine::rmc {

Space::Space(std::size_t words) : words_(words) {
  void* got = ::mmap(nullptr, words * sizeof(Word), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (got == MAP_FAILED) {
    words_ = 0;
    throw LimitError("the machine's heap: the system gives no more address space");
  }
  base_ = static_cast<Word*>(got);
}

Space::~Space() {
  if (base_ != nullptr) ::munmap(base_, words_ * sizeof(Word));
}

Word Collector::value(Word w) {
  switch (word::tag(w)) {
    case word::kReference: {
      Word* cell = word::address(w);
      return from_.holds(cell) ? word::reference(move(cell, Kind::cell)) : w;
    }
    case word::kStructure: {
      Word* header = word::address(w);
      return from_.holds(header) ? word::structure(move(header, Kind::structure)) : w;
    }
    default:
      return w;
  }
}

Word* Collector::move(Word* object, Kind kind) {
  if (object == nullptr) return nullptr;
  if (word::tag(*object) == word::kForward) return word::address(*object);
  if (kind == Kind::structure) return move_structure(object);
  Word* const to = top_;
  std::size_t words = 0;
  switch (kind) {
    case Kind::cell:
      words = 1;
      break;
    case Kind::structure:
      break;
    case Kind::pair:
      words = 2;
      break;
    case Kind::frame:
      words = 2 + std::size_t{word::arity(*object)};
      break;
    case Kind::return_point:
      words = 3;
      break;
  }
  for (std::size_t i = 0; i < words; ++i) to[i] = object[i];
  top_ += words;
  const bool unbound = kind == Kind::cell && *object == word::reference(object);
  if (unbound) {
    *to = word::reference(to);
  } else {
    moved_.emplace_back(kind, to);
  }
  *object = word::forward(to);
  return to;
}

Word* Collector::move_structure(Word* object) {
  Word* const to = top_;
  const std::size_t words = 1 + std::size_t{word::arity(*object)};
  top_ += words;
  to[0] = object[0];
  object[0] = word::forward(to);
  for (std::size_t i = 1; i < words; ++i) {
    const Word argument = object[i];
    if (word::tag(argument) == word::kForward) {
      to[i] = word::reference(word::address(argument));
      continue;
    }
    const bool unbound = argument == word::reference(object + i);
    to[i] = unbound ? word::reference(to + i) : argument;
    object[i] = word::forward(to + i);
  }
  moved_.emplace_back(Kind::structure, to);
  return to;
}

void Collector::finish() {
  while (!moved_.empty()) {
    const auto [kind, at] = moved_.back();
    moved_.pop_back();
    switch (kind) {
      case Kind::cell:
        *at = value(*at);
        break;
      case Kind::structure: {
        const std::uint32_t arity = word::arity(*at);
        for (std::uint32_t i = 1; i <= arity; ++i) at[i] = value(at[i]);
        break;
      }
      case Kind::pair:
        at[0] = value(at[0]);
        at[1] = reinterpret_cast<Word>(pair(reinterpret_cast<Word*>(at[1])));
        break;
      case Kind::frame: {
        const std::uint32_t arity = word::arity(*at);
        at[1] = reinterpret_cast<Word>(frame(reinterpret_cast<Word*>(at[1])));
        for (std::uint32_t i = 0; i < arity; ++i) at[2 + i] = value(at[2 + i]);
        break;
      }
      case Kind::return_point:
        at[1] = reinterpret_cast<Word>(frame(reinterpret_cast<Word*>(at[1])));
        at[2] = reinterpret_cast<Word>(return_point(reinterpret_cast<Word*>(at[2])));
        break;
    }
  }
}

}  // namespace ordo::machine::rmc
