// A growing array of plain records, for the nodes of programs that may be 100 MB of text. It grows
// by realloc, which the C library does for large blocks by moving pages, so that growing needs no
// second copy beside the first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace ordo::machine {

template <class T>
class Pool {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Pool() = default;
  Pool(Pool&& other) noexcept { swap(other); }
  Pool& operator=(Pool&& other) noexcept {
    swap(other);
    return *this;
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const T* data() const { return items_.get(); }
  T& operator[](std::size_t i) { return items_.get()[i]; }
  const T& operator[](std::size_t i) const { return items_.get()[i]; }

  /// By value: an item of the pool itself may be added.
  void push_back(T item) {
    if (size_ == capacity_) reserve(std::max(kSmallest, capacity_ + capacity_ / 2));
    items_.get()[size_++] = item;
  }
  /// Adds copies of T{} up to `size`, which must not be smaller than now.
  void extend(std::size_t size) {
    if (size > capacity_) reserve(std::max({kSmallest, size, capacity_ + capacity_ / 2}));
    std::uninitialized_fill(items_.get() + size_, items_.get() + size, T{});
    size_ = size;
  }

 private:
  static constexpr std::size_t kSmallest = 64;
  struct Free {
    void operator()(T* items) const { std::free(items); }
  };

  void swap(Pool& other) noexcept {
    std::swap(items_, other.items_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }
  void reserve(std::size_t capacity) {
    T* const grown = static_cast<T*>(std::realloc(items_.get(), capacity * sizeof(T)));
    if (grown == nullptr) throw std::bad_alloc();
    static_cast<void>(items_.release());
    items_.reset(grown);
    capacity_ = capacity;
  }

  std::unique_ptr<T, Free> items_;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace ordo::machine
