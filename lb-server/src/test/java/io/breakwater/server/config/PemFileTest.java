package io.breakwater.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.breakwater.server.fixtures.Certified;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The keys under {@code pem/} were made by OpenSSL 3, each in the forms that it writes, and are good for nothing. */
class PemFileTest {

    private static final X509Bundle AUTHORITY = Certified.authority("authority");

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"rsa-pkcs1, rsa-pkcs8", "ec-sec1, ec-pkcs8"})
    void aKeyInAnOldFormIsTheSameKeyAsInPkcs8(String old, String modern) throws PemException {
        PrivateKey key = key(old);

        assertThat(key.getFormat()).isEqualTo("PKCS#8");
        if (key instanceof ECPrivateKey ec) {
            assertThat(ec.getS()).isEqualTo(((ECPrivateKey) key(modern)).getS());
            assertThat(ec.getParams()).isEqualTo(((ECPrivateKey) key(modern)).getParams());
        } else {
            assertThat(key).isEqualTo(key(modern));
        }
    }

    @Test
    void anEdwardsKeyIsOne() throws PemException {
        assertThat(key("ed25519").getAlgorithm()).isEqualTo("EdDSA");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "rsa-pkcs1-encrypted | a key that is not encrypted, as openssl pkey writes it",
                "rsa-pkcs8-encrypted | a key that is not encrypted, as openssl pkey writes it",
                "x25519              | a private key of RSA, EC or EdDSA, in PKCS#8, PKCS#1 or SEC 1",
                "ec-explicit-curve   | a private key of RSA, EC or EdDSA, in PKCS#8, PKCS#1 or SEC 1",
            })
    void aKeyThatCannotBeUsedIsRefusedWithTheRule(String name, String rule) {
        assertThatThrownBy(() -> key(name))
                .isInstanceOf(PemException.class)
                .hasMessage("%s (expected: %s)", path(name), rule);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "nothing",
            value = {
                "''       | a private key in PEM; no -----BEGIN PRIVATE KEY----- is in it",
                "garbage  | a private key in PEM; no -----BEGIN PRIVATE KEY----- is in it",
                "'-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----' | one private key; 2 are in it",
                "'-----BEGIN PRIVATE KEY-----\nMIIC' | a private key in PEM; no -----BEGIN PRIVATE KEY----- is in it",
                "'-----BEGIN PRIVATE KEY-----\nnot-base64\n-----END PRIVATE KEY-----' | PEM; a block of it is not in base64",
                "'-----BEGIN PRIVATE KEY-----\nMIIC\n-----END PRIVATE KEY-----' | a private key of RSA, EC or EdDSA, in PKCS#8, PKCS#1 or SEC 1",
                "'-----BEGIN RSA PRIVATE KEY-----\nMIIC\n-----END RSA PRIVATE KEY-----' | a private key of RSA, EC or EdDSA, in PKCS#8, PKCS#1 or SEC 1",
                "'-----BEGIN EC PRIVATE KEY-----\nMIIC\n-----END EC PRIVATE KEY-----' | a private key of RSA, EC or EdDSA, in PKCS#8, PKCS#1 or SEC 1",
                "'-----BEGIN EC PRIVATE KEY-----\nMIT/////\n-----END EC PRIVATE KEY-----' | a private key of RSA, EC or EdDSA, in PKCS#8, PKCS#1 or SEC 1",
                "'-----BEGIN DSA PRIVATE KEY-----\nMIIC\n-----END DSA PRIVATE KEY-----' | a private key of RSA, EC or EdDSA, in PKCS#8, PKCS#1 or SEC 1",
            })
    void aFileWithoutAKeyIsRefusedWithTheRule(String text, String rule) throws IOException {
        Path file = Files.writeString(folder.resolve("k"), text);

        assertThatThrownBy(() -> PemFile.read(file.toString()).privateKey())
                .isInstanceOf(PemException.class)
                .hasMessage("%s (expected: %s)", file, rule);
    }

    @Test
    void certificatesComeInTheOrderOfTheFileWhateverStandsBetween() throws IOException {
        Certified one = Certified.by(AUTHORITY, folder, "one");
        String text = "subject=one\r\n"
                + Files.readString(one.certificate()).replace("\n", "\r\n")
                + Files.readString(one.key())
                + "issuer\n"
                + AUTHORITY.getCertificatePEM();
        Path file = Files.writeString(folder.resolve("all"), text);

        assertThat(PemFile.read(file.toString()).certificates())
                .containsExactly(one.bundle().getCertificate(), AUTHORITY.getCertificate());
        assertThat(PemFile.read(file.toString()).privateKey())
                .isEqualTo(one.bundle().getKeyPair().getPrivate());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''   | certificates in PEM; no -----BEGIN CERTIFICATE----- is in it",
                "'-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----' | X.509 certificates; the one at 1 cannot be read",
                "'-----BEGIN CERTIFICATE-----\n****\n-----END CERTIFICATE-----' | PEM; a block of it is not in base64",
            })
    void aFileWithoutCertificatesIsRefusedWithTheRule(String text, String rule) throws IOException {
        Path file = Files.writeString(folder.resolve("c"), text);

        assertThatThrownBy(() -> PemFile.read(file.toString()).certificates())
                .isInstanceOf(PemException.class)
                .hasMessage("%s (expected: %s)", file, rule);
    }

    @Test
    void aFileThatIsNotThereIsRefused() {
        for (String file : new String[] {folder.resolve("nowhere").toString(), folder.toString(), "a\0b"}) {
            assertThatThrownBy(() -> PemFile.read(file))
                    .isInstanceOf(PemException.class)
                    .hasMessage("%s (expected: a file that can be read)", file);
        }
    }

    @Test
    void aKeyBelongsToItsCertificateOnly() throws PemException {
        Certified one = Certified.by(AUTHORITY, folder, "one");
        Certified other = Certified.by(AUTHORITY, folder, "other");
        Certified rsa = Certified.ofRsaBy(AUTHORITY, folder, "rsa");

        for (Certified each : new Certified[] {one, rsa}) {
            Identity identity =
                    Identity.read(each.certificate().toString(), each.key().toString());
            assertThat(identity.chain().get(0)).isEqualTo(each.bundle().getCertificate());
            assertThat(identity.key()).isEqualTo(each.bundle().getKeyPair().getPrivate());
            assertThat(identity)
                    .hasToString("Identity of " + each.bundle().getCertificate().getSubjectX500Principal());
        }
        for (Path key : new Path[] {other.key(), rsa.key(), Path.of(path("ed25519"))}) {
            assertThatThrownBy(() -> Identity.read(one.certificate().toString(), key.toString()))
                    .isInstanceOf(PemException.class)
                    .hasMessage("%s (expected: the key of the first certificate in %s)", key, one.certificate());
        }
    }

    private static PrivateKey key(String name) throws PemException {
        return PemFile.read(path(name)).privateKey();
    }

    private static String path(String name) {
        return "src/test/resources/pem/" + name + ".pem";
    }
}
