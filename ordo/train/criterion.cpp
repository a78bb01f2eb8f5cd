#include "ordo/train/criterion.h"

namespace ordo::train {

void EpochAccuracy::begin_epoch() { *this = EpochAccuracy(criterion_); }

void EpochAccuracy::add(std::int64_t correct, std::int64_t seen) {
  if (criterion_ == Criterion::plain) {
    correct_ += correct;
    seen_ += seen;
    return;
  }
  recent_correct_ += correct;
  recent_seen_ += seen;
  correct_ += recent_correct_;
  seen_ += recent_seen_;
  if (batch_ > 0 && batch_ % 10 == 0) recent_correct_ = recent_seen_ = 0;
  ++batch_;
}

double EpochAccuracy::value() const {
  return seen_ == 0 ? 0.0 : static_cast<double>(correct_) / static_cast<double>(seen_);
}

Json EpochAccuracy::state() const {
  return Json::array({correct_, seen_, recent_correct_, recent_seen_, batch_});
}

void EpochAccuracy::load_state(const Json& state) {
  const Json::Array& numbers = state.as_array("/accuracy");
  if (numbers.size() != 5) {
    throw InputError({.field = "/accuracy"}, "expected five integers");
  }
  correct_ = numbers[0].as_int();
  seen_ = numbers[1].as_int();
  recent_correct_ = numbers[2].as_int();
  recent_seen_ = numbers[3].as_int();
  batch_ = numbers[4].as_int();
}

}  // namespace ordo::train
