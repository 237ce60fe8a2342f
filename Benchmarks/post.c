// The peer of the outbox pump: posts one body COUNT times with libcurl's multi interface, eight at a time, each signed as RocketMQ over HTTP asks.
// post URL-OF-HOST RESOURCE KEY-ID SECRET BODY-FILE COUNT. Prints the seconds that it took. Nothing is recorded, nothing is read from the answers but their status.
#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { IN_FLIGHT = 8 };

struct slot {
    CURL *easy;
    struct curl_slist *headers;
};

static const char *host, *resource, *key, *secret;
static char url[1024], *body;
static long length;

static size_t drop(char *bytes, size_t size, size_t count, void *context) {
    (void)bytes, (void)context;
    return size * count;
}

static void start(CURLM *multi, struct slot *slot) {
    char date[64], text[1024], authorization[256], base64[64], header[512];
    time_t now = time(NULL);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
    int size = snprintf(text, sizeof text, "POST\n\ntext/xml;charset=UTF-8\n%s\nx-mq-version:2015-06-06\n%s", date, resource);
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_size = 0;
    HMAC(EVP_sha1(), secret, (int)strlen(secret), (unsigned char *)text, (size_t)size, mac, &mac_size);
    EVP_EncodeBlock((unsigned char *)base64, mac, (int)mac_size);
    snprintf(authorization, sizeof authorization, "Authorization: MQ %s:%s", key, base64);
    curl_slist_free_all(slot->headers);
    slot->headers = curl_slist_append(NULL, "Content-Type: text/xml;charset=UTF-8");
    snprintf(header, sizeof header, "Date: %s", date);
    slot->headers = curl_slist_append(slot->headers, header);
    slot->headers = curl_slist_append(slot->headers, "x-mq-version: 2015-06-06");
    slot->headers = curl_slist_append(slot->headers, authorization);
    slot->headers = curl_slist_append(slot->headers, "Expect:");
    curl_easy_setopt(slot->easy, CURLOPT_URL, url);
    curl_easy_setopt(slot->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDSIZE, length);
    curl_easy_setopt(slot->easy, CURLOPT_COPYPOSTFIELDS, body);
    curl_easy_setopt(slot->easy, CURLOPT_HTTPHEADER, slot->headers);
    curl_easy_setopt(slot->easy, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(slot->easy, CURLOPT_PRIVATE, slot);
    curl_multi_add_handle(multi, slot->easy);
}

int main(int count, char **arguments) {
    if (count != 7) return 2;
    host = arguments[1], resource = arguments[2], key = arguments[3], secret = arguments[4];
    snprintf(url, sizeof url, "%s%s", host, resource);
    FILE *file = fopen(arguments[5], "rb");
    body = malloc(1 << 20);
    length = (long)fread(body, 1, 1 << 20, file);
    fclose(file);
    long left = atol(arguments[6]), done = 0, wanted = left;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    struct slot slots[IN_FLIGHT] = {0};
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int index = 0; index < IN_FLIGHT && left > 0; index++, left--) {
        slots[index].easy = curl_easy_init();
        start(multi, &slots[index]);
    }
    while (done < wanted) {
        int running, messages;
        curl_multi_perform(multi, &running);
        CURLMsg *message;
        while ((message = curl_multi_info_read(multi, &messages))) {
            if (message->msg != CURLMSG_DONE) continue;
            long status = 0;
            struct slot *slot;
            CURLcode result = message->data.result;
            CURL *easy = message->easy_handle;
            curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&slot);
            if (result != CURLE_OK || status != 201) return fprintf(stderr, "status %ld, %s\n", status, curl_easy_strerror(result)), 1;
            curl_multi_remove_handle(multi, easy);
            done++;
            if (left > 0) left--, start(multi, slot);
        }
        if (done < wanted) curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.6f\n", (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    return 0;
}
