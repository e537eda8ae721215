/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "keyset/record.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Fields are reached by their offset. memcpy() needs neither their type nor their alignment. */

static uint64_t get_uint(const void *field, size_t size)
{
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	switch (size) {
	case 1:
		memcpy(&u8, field, 1);
		return u8;
	case 2:
		memcpy(&u16, field, 2);
		return u16;
	case 4:
		memcpy(&u32, field, 4);
		return u32;
	default:
		memcpy(&u64, field, 8);
		return u64;
	}
}

static void set_uint(void *field, size_t size, uint64_t value)
{
	uint8_t u8 = value;
	uint16_t u16 = value;
	uint32_t u32 = value;
	switch (size) {
	case 1:
		memcpy(field, &u8, 1);
		break;
	case 2:
		memcpy(field, &u16, 2);
		break;
	case 4:
		memcpy(field, &u32, 4);
		break;
	default:
		memcpy(field, &value, 8);
	}
}

static void *get_pointer(const void *field)
{
	void *pointer;
	memcpy(&pointer, field, sizeof(pointer));
	return pointer;
}

/*** Writing. ***/

static bool text_is_plain(const char *text)
{
	for (; *text != '\0'; text++) {
		if (iscntrl((unsigned char)*text)) {
			return false;
		}
	}
	return true;
}

static void write_hex(FILE *out, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		fprintf(out, "%02x", data[i]);
	}
}

static bool write_item(FILE *out, const record_item_t *item, const uint8_t *object)
{
	const uint8_t *field = object + item->offset;
	fprintf(out, "%s ", item->name);
	switch (item->type) {
	case RECORD_BOOL:
		fputs(get_uint(field, sizeof(bool)) ? "yes" : "no", out);
		break;
	case RECORD_UINT:
	case RECORD_TIME:
		fprintf(out, "%" PRIu64,
		        get_uint(field, item->type == RECORD_TIME ? 8 : item->size));
		break;
	case RECORD_NAME:
		fputs(item->names[get_uint(field, sizeof(int))], out);
		break;
	case RECORD_TEXT: {
		const char *text = get_pointer(field);
		if (text != NULL && !text_is_plain(text)) {
			return false;
		}
		fputs(text != NULL ? text : "", out);
		break;
	}
	case RECORD_HEX:
		write_hex(out, get_pointer(field), get_uint(object + item->len, sizeof(size_t)));
		break;
	case RECORD_OCTETS:
		if (object[item->len] == 0) {
			fputc('-', out);
		}
		write_hex(out, field, object[item->len]);
		break;
	}
	fputc('\n', out);
	return true;
}

char *record_write(const record_form_t *form, const void *object)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (out == NULL) {
		return NULL;
	}

	bool ok = true;
	fprintf(out, "%s\n", form->title);
	for (size_t i = 0; ok && i < form->item_count; i++) {
		ok = write_item(out, &form->items[i], object);
	}
	const uint8_t *base = object;
	const uint8_t *sub = get_pointer(base + form->sub_array);
	size_t count = get_uint(base + form->sub_count, sizeof(size_t));
	for (size_t n = 0; ok && n < count; n++, sub += form->sub_size) {
		fprintf(out, "%s\n", form->sub);
		for (size_t i = 0; ok && i < form->sub_item_count; i++) {
			ok = write_item(out, &form->sub_items[i], sub);
		}
	}

	if (ferror(out) != 0) {
		ok = false;
	}
	if (fclose(out) != 0 || !ok) {
		free(text);
		return NULL;
	}
	return text;
}

/*** Reading. ***/

typedef struct {
	const record_form_t *form;
	unsigned line;      /*!< Number of the line being read. */
	bool before;        /*!< An earlier version has written it. */
	uint64_t seen;      /*!< Items of the record being read. */
	char *err;
	size_t err_size;
} reader_t;

static int fail(reader_t *reader, const char *what, const char *item)
{
	snprintf(reader->err, reader->err_size, "line %u: %s%s%s", reader->line, what,
	         item != NULL ? " " : "", item != NULL ? item : "");
	return -1;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c = tolower((unsigned char)c);
	return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}

static bool read_hex(const char *value, uint8_t *out)
{
	for (; value[0] != '\0'; value += 2) {
		int high = hex_digit(value[0]);
		int low = (high >= 0) ? hex_digit(value[1]) : -1;
		if (low < 0) {
			return false;
		}
		*out++ = high << 4 | low;
	}
	return true;
}

static bool read_uint(const char *value, uint64_t max, uint64_t *out)
{
	if (!isdigit((unsigned char)value[0])) {
		return false;
	}
	char *end = NULL;
	errno = 0;
	unsigned long long number = strtoull(value, &end, 10);
	*out = number;
	return errno == 0 && *end == '\0' && number <= max;
}

static bool read_name(const char *value, const char *const *names, uint64_t *out)
{
	for (*out = 0; names[*out] != NULL; (*out)++) {
		if (strcmp(names[*out], value) == 0) {
			return true;
		}
	}
	return false;
}

static bool read_allocated(const record_item_t *item, const char *value, uint8_t *object)
{
	size_t len = strlen(value);
	void *copy = NULL;
	if (item->type == RECORD_TEXT) {
		copy = text_is_plain(value) ? strdup(value) : NULL;
	} else if (len > 0 && len % 2 == 0 && (copy = malloc(len / 2)) != NULL) {
		if (!read_hex(value, copy)) {
			free(copy);
			return false;
		}
		set_uint(object + item->len, sizeof(size_t), len / 2);
	}
	memcpy(object + item->offset, &copy, sizeof(copy));
	return copy != NULL;
}

static bool read_value(const record_item_t *item, const char *value, uint8_t *object)
{
	static const char *const no_yes[] = { "no", "yes", NULL };
	uint8_t *field = object + item->offset;
	size_t len = strlen(value);
	uint64_t number;
	switch (item->type) {
	case RECORD_BOOL:
		if (!read_name(value, no_yes, &number)) {
			return false;
		}
		set_uint(field, sizeof(bool), number);
		return true;
	case RECORD_UINT:
		if (!read_uint(value, item->max, &number)) {
			return false;
		}
		set_uint(field, item->size, number);
		return true;
	case RECORD_TIME:
		if (!read_uint(value, INT64_MAX, &number)) {
			return false;
		}
		set_uint(field, 8, number);
		return true;
	case RECORD_NAME:
		if (!read_name(value, item->names, &number)) {
			return false;
		}
		set_uint(field, sizeof(int), number);
		return true;
	case RECORD_OCTETS:
		if (strcmp(value, "-") == 0) {
			object[item->len] = 0;
			return true;
		}
		if (len == 0 || len % 2 != 0 || len > 2 * 255 || !read_hex(value, field)) {
			return false;
		}
		object[item->len] = len / 2;
		return true;
	default:
		return read_allocated(item, value, object);
	}
}

static int read_item(reader_t *reader, const record_item_t *items, size_t count,
                     const char *name, const char *value, uint8_t *object)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(items[i].name, name) != 0) {
			continue;
		}
		if (reader->seen & (UINT64_C(1) << i)) {
			return fail(reader, "second", name);
		}
		if (!read_value(&items[i], value, object)) {
			return fail(reader, "invalid value of", name);
		}
		reader->seen |= UINT64_C(1) << i;
		return 0;
	}
	return fail(reader, "unknown item", name);
}

static int check_complete(reader_t *reader, const record_item_t *items, size_t count, uint8_t *object)
{
	for (size_t i = 0; i < count; i++) {
		if (reader->seen & (UINT64_C(1) << i)) {
			continue;
		}
		if (!reader->before || items[i].earlier == NULL) {
			return fail(reader, "before it there should be", items[i].name);
		}
		if (!read_value(&items[i], items[i].earlier, object)) {
			return fail(reader, "out of memory", NULL);
		}
	}
	reader->seen = 0;
	return 0;
}

/*! Closes the record that was read so far and opens a sub-record. */
static uint8_t *open_sub(reader_t *reader, uint8_t *object, uint8_t *sub)
{
	const record_form_t *form = reader->form;
	int ret = (sub == NULL)
		? check_complete(reader, form->items, form->item_count, object)
		: check_complete(reader, form->sub_items, form->sub_item_count, sub);
	if (ret != 0) {
		return NULL;
	}
	size_t count = get_uint(object + form->sub_count, sizeof(size_t));
	if (count >= form->sub_max) {
		fail(reader, "too many of", form->sub);
		return NULL;
	}
	uint8_t *array =
		realloc(get_pointer(object + form->sub_array), (count + 1) * form->sub_size);
	if (array == NULL) {
		fail(reader, "out of memory", NULL);
		return NULL;
	}
	memcpy(object + form->sub_array, &array, sizeof(array));
	set_uint(object + form->sub_count, sizeof(size_t), count + 1);
	return memset(array + count * form->sub_size, 0, form->sub_size);
}

static bool is_one_of(const char *line, const char *const *titles)
{
	while (*titles != NULL && strcmp(*titles, line) != 0) {
		titles++;
	}
	return *titles != NULL;
}

static int read_lines(reader_t *reader, char *text, uint8_t *object)
{
	const record_form_t *form = reader->form;
	uint8_t *sub = NULL;
	char *next = NULL;
	for (char *line = text; line != NULL && *line != '\0'; line = next) {
		reader->line++;
		next = strchr(line, '\n');
		if (next != NULL) {
			*next++ = '\0';
		}
		if (reader->line == 1) {
			reader->before = is_one_of(line, form->titles_before);
			if (!reader->before && strcmp(line, form->title) != 0) {
				return fail(reader, "does not begin with", form->title);
			}
			continue;
		}
		if (strcmp(line, form->sub) == 0) {
			sub = open_sub(reader, object, sub);
			if (sub == NULL) {
				return -1;
			}
			continue;
		}
		char *value = strchr(line, ' ');
		if (value == NULL) {
			return fail(reader, "no value:", line);
		}
		*value++ = '\0';
		int ret = (sub == NULL) ? read_item(reader, form->items, form->item_count, line,
		                                    value, object)
		                        : read_item(reader, form->sub_items, form->sub_item_count,
		                                    line, value, sub);
		if (ret != 0) {
			return ret;
		}
	}
	reader->line++;
	return (sub == NULL)
		? check_complete(reader, form->items, form->item_count, object)
		: check_complete(reader, form->sub_items, form->sub_item_count, sub);
}

int record_read(const record_form_t *form, const char *text, void *object, size_t object_size,
                char *err, size_t err_size)
{
	reader_t reader = { .form = form, .err = err, .err_size = err_size };
	char *copy = strdup(text);
	uint8_t *fresh = calloc(1, object_size);
	int ret = -1;
	if (copy == NULL || fresh == NULL) {
		fail(&reader, "out of memory", NULL);
	} else if (text[0] == '\0') {
		fail(&reader, "empty", NULL);
	} else {
		ret = read_lines(&reader, copy, fresh);
		if (ret == 0) {
			memcpy(object, fresh, object_size);
		} else {
			record_deinit(form, fresh, object_size);
		}
	}
	free(fresh);
	free(copy);
	return ret;
}

static void free_items(const record_item_t *items, size_t count, const uint8_t *object)
{
	for (size_t i = 0; i < count; i++) {
		if (items[i].type == RECORD_TEXT || items[i].type == RECORD_HEX) {
			free(get_pointer(object + items[i].offset));
		}
	}
}

void record_deinit(const record_form_t *form, void *object, size_t object_size)
{
	uint8_t *base = object;
	free_items(form->items, form->item_count, base);
	uint8_t *array = get_pointer(base + form->sub_array);
	size_t count = get_uint(base + form->sub_count, sizeof(size_t));
	for (size_t n = 0; n < count; n++) {
		free_items(form->sub_items, form->sub_item_count, array + n * form->sub_size);
	}
	free(array);
	memset(object, 0, object_size);
}
