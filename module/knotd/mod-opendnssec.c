/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What knotd sees: the module's settings, and its instances.
 *
 * The global instance (global-module) keeps the signer; it alone writes the log, since knotd frees
 * a zone's name before it unloads the zone's instance. An instance of a zone (module) hands the
 * zone to the signer.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <knot/module.h>
#include <libknot/libknot.h>

#include "module/knotd/conf.h"
#include "module/knotd/fit.h"
#include "module/knotd/hooks.h"
#include "module/knotd/signers.h"
#include "module/knotd/stats.h"
#include "module/online/compact.h"

#define ITEM_POLICY   "\x06""policy"
#define ITEM_STORAGE  "\x07""storage"
#define ITEM_TRANSFER "\x0F""transfer-socket"
#define ITEM_CONTROL  "\x0E""control-socket"
#define ITEM_CONF     "\x04""conf"
/* knotd finds the section that an item refers to only if both have the same name. */
#define ITEM_REMOTE   "\x06""remote"
#define ITEM_WATCH    "\x05""watch"
#define ITEM_VERIFY   "\x06""verify"
#define ITEM_SHRINK   "\x0C""shrink-limit"
#define ITEM_INCLUDE  "\x0B""include-dir"
#define ITEM_OCTETS   "\x0E""fetch-max-size"
#define ITEM_RECORDS  "\x11""fetch-max-records"
#define ITEM_TIME     "\x0E""fetch-max-time"

#define ITEM_ONLINE   "\x06""online"
#define ITEM_TYPES    "\x0C""online-types"
#define ITEM_CACHE    "\x0C""online-cache"

#define ITEM_CHECK    "\x0D""publish-check"
#define ITEM_LIMIT    "\x13""publish-check-limit"

/* Seconds that the operator's check may take, if nothing is set, and at most. */
#define CHECK_LIMIT     60
#define CHECK_LIMIT_MAX 86400

/* Percent of the names, and of the delegations, that an input has to keep, if nothing is set. */
#define SHRINK_LIMIT 50

/* Bytes of signatures made on the fly that are kept: some 150,000 of ECDSA. */
#define ONLINE_CACHE ((int64_t)64 << 20)

/* Of one transfer, if nothing is set: twice what the largest TLDs need, some 25 GB and 400 million
 * records, and the time for that by a line of 10 Mbit/s. */
#define FETCH_OCTETS ((int64_t)64 << 30)
#define FETCH_RECORDS 1000000000
#define FETCH_SECONDS 21600

static const knot_lookup_t verify_options[] = {
	{ SIGNPOOL_VERIFY_ALL, "all" },
	{ SIGNPOOL_VERIFY_SAMPLE, "sample" },
	{ 0, NULL }
};

static const yp_item_t items[] = {
	{ ITEM_POLICY,   YP_TSTR,  YP_VSTR = { "default" } },
	{ ITEM_STORAGE,  YP_TSTR,  YP_VSTR = { "/var/lib/knot/opendnssec" } },
	{ ITEM_TRANSFER, YP_TSTR,  YP_VSTR = { "/run/knot/opendnssec-transfer.sock" } },
	{ ITEM_CONTROL,  YP_TSTR,  YP_VSTR = { "/run/knot/opendnssec.sock" } },
	{ ITEM_CONF,     YP_TSTR,  YP_VSTR = { "/etc/mod-opendnssec/conf.xml" } },
	{ ITEM_REMOTE,   YP_TREF,  YP_VREF = { ITEM_REMOTE }, YP_FMULTI,
	                 { knotd_conf_check_ref } },
	{ ITEM_WATCH,    YP_TBOOL, YP_VBOOL = { false } },
	{ ITEM_VERIFY,   YP_TOPT,  YP_VOPT = { verify_options, SIGNPOOL_VERIFY_ALL } },
	{ ITEM_SHRINK,   YP_TINT,  YP_VINT = { 0, 100, SHRINK_LIMIT } },
	{ ITEM_CHECK,    YP_TSTR,  YP_VNONE },
	{ ITEM_LIMIT,    YP_TINT,  YP_VINT = { 1, CHECK_LIMIT_MAX, CHECK_LIMIT, YP_STIME } },
	{ ITEM_INCLUDE,  YP_TSTR,  YP_VNONE, YP_FMULTI },
	{ ITEM_OCTETS,   YP_TINT,  YP_VINT = { 1, INT64_MAX, FETCH_OCTETS, YP_SSIZE } },
	{ ITEM_RECORDS,  YP_TINT,  YP_VINT = { 1, INT64_MAX, FETCH_RECORDS } },
	{ ITEM_TIME,     YP_TINT,  YP_VINT = { 1, INT32_MAX, FETCH_SECONDS, YP_STIME } },
	{ ITEM_ONLINE,   YP_TBOOL, YP_VBOOL = { false } },
	{ ITEM_TYPES,    YP_TSTR,  YP_VNONE, YP_FMULTI },
	{ ITEM_CACHE,    YP_TINT,  YP_VINT = { 1 << 20, INT64_MAX, ONLINE_CACHE, YP_SSIZE } },
	{ NULL }
};

/*** Check of a section. ***/

static const char *check_socket(const char *path, const char *long_text, const char *relative_text)
{
	if (path[0] != '/') {
		return relative_text;
	}
	return strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path) ? long_text : NULL;
}

static const char *check_include(knotd_conf_check_args_t *args)
{
	bool absolute = true;
	knotd_conf_t folders = knotd_conf_check_item(args, ITEM_INCLUDE);
	for (size_t i = 0; i < folders.count; i++) {
		absolute = absolute && folders.multi[i].string[0] == '/';
	}
	knotd_conf_free(&folders);
	return absolute ? NULL : "include-dir: has to be the absolute path of a folder";
}

/*! Adds a type by its name. \return What is wrong with it, or NULL. */
static const char *add_type(answer_types_t *types, const char *name)
{
	static const uint16_t others[] = {
		KNOT_RRTYPE_RRSIG, KNOT_RRTYPE_NSEC, KNOT_RRTYPE_NSEC3, KNOT_RRTYPE_CNAME,
		KNOT_RRTYPE_DNAME, KNOT_RRTYPE_NS, KNOT_RRTYPE_SOA, KNOT_RRTYPE_DS, COMPACT_NXNAME
	};
	uint16_t type = 0;
	if (knot_rrtype_from_string(name, &type) != 0) {
		return "online-types: not a type of records";
	}
	bool data = !knot_rrtype_is_metatype(type);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		data = data && type != others[i];
	}
	if (!data) {
		return "online-types: a type that says what kind of name it is cannot be at any name";
	}
	if (types->count == sizeof(types->all) / sizeof(types->all[0])) {
		return "online-types: too many types";
	}
	types->all[types->count++] = type;
	return NULL;
}

/*! Reads the item; if it is not there, these are A, AAAA and PTR. */
static const char *read_types(const knotd_conf_t *names, answer_types_t *types)
{
	*types = (answer_types_t) {
		.all = { KNOT_RRTYPE_A, KNOT_RRTYPE_PTR, KNOT_RRTYPE_AAAA }, .count = 3
	};
	const char *fault = NULL;
	for (size_t i = 0; fault == NULL && i < names->count; i++) {
		types->count = i == 0 ? 0 : types->count;
		fault = add_type(types, names->multi[i].string);
	}
	return fault;
}

static const char *check_types(knotd_conf_check_args_t *args)
{
	answer_types_t types;
	knotd_conf_t names = knotd_conf_check_item(args, ITEM_TYPES);
	const char *fault = read_types(&names, &types);
	knotd_conf_free(&names);
	return fault;
}

static int check(knotd_conf_check_args_t *args)
{
	const char *policy = knotd_conf_check_item(args, ITEM_POLICY).single.string;
	const char *storage = knotd_conf_check_item(args, ITEM_STORAGE).single.string;
	const char *transfer = knotd_conf_check_item(args, ITEM_TRANSFER).single.string;
	const char *control = knotd_conf_check_item(args, ITEM_CONTROL).single.string;
	const char *conf = knotd_conf_check_item(args, ITEM_CONF).single.string;
	const char *program = knotd_conf_check_item(args, ITEM_CHECK).single.string;

	const char *fault = check_socket(transfer, "transfer-socket: path too long for a socket",
	                                 "transfer-socket: has to be an absolute path");
	if (fault == NULL) {
		fault = check_socket(control, "control-socket: path too long for a socket",
		                     "control-socket: has to be an absolute path");
	}
	if (fault == NULL && policy[0] == '\0') {
		fault = "policy: has to name a policy of kasp.xml";
	} else if (fault == NULL && storage[0] != '/') {
		fault = "storage: has to be an absolute path";
	} else if (fault == NULL && conf[0] != '/') {
		fault = "conf: has to be the absolute path of conf.xml";
	} else if (fault == NULL && program != NULL && program[0] != '/') {
		fault = "publish-check: has to begin with the absolute path of a program";
	} else if (fault == NULL && strcmp(transfer, control) == 0) {
		fault = "transfer-socket and control-socket have to differ";
	}
	fault = fault != NULL ? fault : check_include(args);
	fault = fault != NULL ? fault : check_types(args);
	args->err_str = fault;
	return fault == NULL ? KNOT_EOK : KNOT_EINVAL;
}

/*** Instances. ***/

typedef struct {
	hooks_place_t place; /*!< Empty: answers are not signed on the fly. */
	running_t *signer;
	zone_t *zone;    /*!< NULL: the global instance. */
} instance_t;

/*! \return Copy of a string setting of the section. */
static char *setting(knotd_mod_t *mod, const yp_name_t *item)
{
	return strdup(knotd_conf_mod(mod, item).single.string);
}

static int load_global(knotd_mod_t *mod, instance_t *instance)
{
	server_conf_t conf = {
		.storage = setting(mod, ITEM_STORAGE),
		.transfer_socket = setting(mod, ITEM_TRANSFER),
		.control_socket = setting(mod, ITEM_CONTROL),
		.conf = setting(mod, ITEM_CONF),
		.knot_socket = knotconf_socket(mod),
	};
	if (conf.storage == NULL || conf.transfer_socket == NULL || conf.control_socket == NULL ||
	    conf.conf == NULL || conf.knot_socket == NULL) {
		server_conf_deinit(&conf);
		return KNOT_ENOMEM;
	}

	const int ret = signers_start(&conf, mod, &instance->signer);
	if (ret == KNOT_EOK) {
		signers_set_cache(instance->signer, knotd_conf_mod(mod, ITEM_CACHE).single.integer);
	}
	return ret;
}

/*! Has the zone's answers signed on the fly, if that is wanted. */
static int set_online(knotd_mod_t *mod, instance_t *instance)
{
	if (!knotd_conf_mod(mod, ITEM_ONLINE).single.boolean) {
		return KNOT_EOK;
	}
	answer_types_t types;
	knotd_conf_t names = knotd_conf_mod(mod, ITEM_TYPES);
	(void)read_types(&names, &types);
	knotd_conf_free(&names);
	return hooks_init(&instance->place.hooks, mod, instance->signer, instance->zone, &types);
}

/*! Has the zone's file watched, or not. */
static void set_watch(knotd_mod_t *mod, watch_t *watch, zone_t *zone)
{
	/* Only this thread changes it: knotd loads instances one at a time. */
	const char *file = zone->source.settings.file;
	if (!knotd_conf_mod(mod, ITEM_WATCH).single.boolean || source_is_fetched(&zone->source)) {
		watch_remove(watch, zone->name);
		return;
	}
	int ret = watch_add(watch, zone->name, file);
	if (ret != KNOT_EOK) {
		knotd_mod_log(mod, LOG_WARNING,
		              "cannot watch %s (%s); changes are seen by knotc zone-refresh only",
		              file, knot_strerror(ret));
	}
}

static int add_folders(knotd_mod_t *mod, folders_t *folders)
{
	knotd_conf_t dirs = knotd_conf_mod(mod, ITEM_INCLUDE);
	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < dirs.count; i++) {
		ret = folders_add(folders, dirs.multi[i].string);
	}
	knotd_conf_free(&dirs);
	return ret;
}

static int add_check(knotd_mod_t *mod, zone_settings_t *settings)
{
	const char *program = knotd_conf_mod(mod, ITEM_CHECK).single.string;
	if (program == NULL) {
		return KNOT_EOK;
	}
	settings->check = strdup(program);
	settings->check_limit = knotd_conf_mod(mod, ITEM_LIMIT).single.integer;
	return settings->check != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

static int add_primaries(knotd_mod_t *mod, source_settings_t *source)
{
	const int ret = knotconf_primaries(mod, ITEM_REMOTE, &source->primaries);
	if (ret == KNOT_EOK && source->primaries.count > 0) {
		source->limits.octets = knotd_conf_mod(mod, ITEM_OCTETS).single.integer;
		source->limits.records = knotd_conf_mod(mod, ITEM_RECORDS).single.integer;
		source->limits.seconds = knotd_conf_mod(mod, ITEM_TIME).single.integer;
	}
	return ret;
}

/* What knotd is asked for costs it some microseconds each time, for each of thousands of zones. */
static int configure_zone(knotd_mod_t *mod, instance_t *instance)
{
	zone_t *zone = instance->zone;
	zone_settings_t settings = {
		.source.file = knotconf_zone_file(mod, zone->name),
		.source.shrink_limit = knotd_conf_mod(mod, ITEM_SHRINK).single.integer,
		.policy = setting(mod, ITEM_POLICY),
		.verify = knotd_conf_mod(mod, ITEM_VERIFY).single.option,
		.validated = knotconf_validates(mod, zone->name),
		.journal_max = knotconf_journal_max(mod, zone->name),
	};
	settings.source.size_max = knotconf_size_max(mod, zone->name, settings.journal_max);
	int ret = settings.policy != NULL ? add_check(mod, &settings) : KNOT_ENOMEM;
	if (ret == KNOT_EOK) {
		ret = knotconf_update_keys(mod, zone->name, &settings.source.update_keys);
	}
	if (ret == KNOT_EOK) {
		ret = add_folders(mod, &settings.source.folders);
	}
	if (ret == KNOT_EOK) {
		ret = add_primaries(mod, &settings.source);
	}
	if (ret == KNOT_EOK) {
		ret = knotconf_secondaries(mod, zone->name, &settings.secondaries);
	}
	if (settings.source.file == NULL) {
		knotd_mod_log(mod, LOG_ERR, "the zone's file or storage is malformed");
		ret = KNOT_EINVAL;
	}
	if (ret == KNOT_EOK) {
		zone_configure(zone, &settings);
		watch_t *watch = instance->signer->server->env.watch;
		if (watch != NULL) {
			set_watch(mod, watch, zone);
		}
	}
	zone_settings_deinit(&settings);
	return ret;
}

/*!
 * Sees what knotd has answered. A NOTIFY that knotd has accepted has the serial of the primary.
 * knotd compares it with that of the signed zone; if they are the same by chance, knotd does
 * nothing.
 */
static knotd_state_t see_notify(knotd_state_t state, knot_pkt_t *pkt, knotd_qdata_t *qdata,
                                knotd_mod_t *mod)
{
	(void)pkt;
	if (qdata->type == KNOTD_QUERY_TYPE_NOTIFY && qdata->rcode == KNOT_RCODE_NOERROR) {
		const instance_t *instance = knotd_mod_ctx(mod);
		zone_wake(instance->zone, SOURCE_LOOK);
	}
	return state;
}

static int load_zone(knotd_mod_t *mod, instance_t *instance)
{
	const knot_dname_t *name = knotd_mod_zone(mod);
	const char *storage = knotd_conf_mod(mod, ITEM_STORAGE).single.string;
	running_t *signer = signers_use(storage);
	if (signer == NULL) {
		knotd_mod_log(mod, LOG_ERR,
		              "there is no signer with storage %s; add 'global-module: "
		              "mod-opendnssec/ID' to the default template",
		              storage);
		return KNOT_ENOENT;
	}
	zones_t *zones = &signer->server->zones;
	int ret = knotconf_check_zone(mod, name, signer->server->conf.transfer_socket);
	instance->signer = signer;
	instance->zone = (ret == KNOT_EOK) ? zones_add(zones, name) : NULL;
	if (instance->zone == NULL) {
		signers_leave(signer, mod);
		return ret == KNOT_EOK ? KNOT_ENOMEM : ret;
	}
	ret = configure_zone(mod, instance);
	if (ret == KNOT_EOK) {
		ret = stats_init(mod);
	}
	if (ret == KNOT_EOK) {
		ret = set_online(mod, instance);
	}
	const bool fetched = source_is_fetched(&instance->zone->source);
	if (ret == KNOT_EOK && fetched) {
		ret = knotd_mod_hook(mod, KNOTD_STAGE_END, see_notify);
	}
	if (ret != KNOT_EOK) {
		hooks_free(instance->place.hooks);
		zones_drop(zones, instance->zone);
		signers_leave(signer, mod);
		return ret;
	}
	zone_set_report(instance->zone, stats_report, mod);
	/* When primaries are asked is a matter of the SOA's timers. */
	zone_wake(instance->zone, fetched ? 0 : SOURCE_LOOK);
	return KNOT_EOK;
}

static int load(knotd_mod_t *mod)
{
	signers_on_knotds_thread();
	instance_t *instance = calloc(1, sizeof(*instance));
	if (instance == NULL) {
		return KNOT_ENOMEM;
	}
	int ret =
		knotd_mod_zone(mod) == NULL ? load_global(mod, instance) : load_zone(mod, instance);
	if (ret != KNOT_EOK) {
		free(instance);
		return ret;
	}
	knotd_mod_ctx_set(mod, instance);
	return KNOT_EOK;
}

static void unload(knotd_mod_t *mod)
{
	/* On a reload the new instance has been loaded already; the zone's name is freed. */
	signers_on_knotds_thread();
	instance_t *instance = knotd_mod_ctx(mod);
	running_t *signer = instance->signer;
	if (instance->zone != NULL) {
		hooks_free(instance->place.hooks);
		zone_unset_report(instance->zone, mod);
		zones_drop(&signer->server->zones, instance->zone);
	}
	signers_leave(signer, mod);
	free(instance);
}

/* As KNOTD_MOD_API() makes it, but not const. */
__attribute__((visibility("default"))) knotd_mod_api_t KNOTD_MOD_API_NAME(opendnssec) = {
	.version = KNOTD_MOD_ABI_VERSION,
	.name = KNOTD_MOD_NAME_PREFIX "opendnssec",
	.flags = KNOTD_MOD_FLAG_SCOPE_ANY,
	.load = load,
	.unload = unload,
	.config = items,
	.config_check = check,
};

/*! Makes a Knot that the module was not made for refuse it: no Knot has this version. */
__attribute__((constructor)) static void refuse_other_knots(void)
{
	if (!fit_check()) {
		KNOTD_MOD_API_NAME(opendnssec).version = 0;
	}
}
