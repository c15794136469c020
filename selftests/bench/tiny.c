// SPDX-License-Identifier: Apache-2.0
/*
 * tiny.c - the program that the benchmark executes: ends at once, without a C library, so that
 * little besides fork, exec and exit is timed.
 */
#include <sys/syscall.h>

void _start(void);

void _start(void)
{
#if defined(__x86_64__)
	__asm__ volatile("syscall" : : "a"(SYS_exit_group), "D"(0) : "rcx", "r11", "memory");
#elif defined(__aarch64__)
	register long number __asm__("x8") = SYS_exit_group, status __asm__("x0") = 0;

	__asm__ volatile("svc 0" : : "r"(number), "r"(status) : "memory");
#else
#error "write down how this machine calls exit_group"
#endif
	__builtin_unreachable();
}
