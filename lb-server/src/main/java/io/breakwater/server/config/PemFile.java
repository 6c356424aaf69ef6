package io.breakwater.server.config;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file in PEM (RFC 7468), with the certificates and private keys that operators have: X.509, and keys in PKCS#8, PKCS#1
 * ({@code RSA PRIVATE KEY}) and SEC 1 ({@code EC PRIVATE KEY}). What stands between the blocks is ignored, and so are
 * blocks of other kinds. Immutable.
 */
public final class PemFile {

    static final String READABLE_RULE = "a file that can be read";

    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);
    private static final String ENCRYPTED_RULE = "a key that is not encrypted, as openssl pkey writes it";

    /** Kinds of keys that JSSE can use for a certificate. */
    private static final List<String> KEY_KINDS = List.of("RSA", "EC", "EdDSA", "RSASSA-PSS");

    /** AlgorithmIdentifier of rsaEncryption (RFC 8017, appendix C), and the object identifier of id-ecPublicKey (RFC 5480). */
    private static final byte[] RSA = {
        0x30, 13, 6, 9, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 13, 1, 1, 1, 5, 0
    };

    private static final byte[] EC = {6, 7, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1};
    private static final byte[] VERSION_0 = {2, 1, 0};

    private final String file;
    private final List<Block> blocks;

    private record Block(String label, String text) {}

    private PemFile(String file, List<Block> blocks) {
        this.file = file;
        this.blocks = List.copyOf(blocks);
    }

    /** Reads a file; blocks on it. */
    public static PemFile read(String file) throws PemException {
        String text;
        try {
            text = Files.readString(Path.of(file), StandardCharsets.ISO_8859_1);
        } catch (IOException | InvalidPathException unreadable) {
            throw new PemException(file, READABLE_RULE);
        }
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(text);
        while (matcher.find()) {
            blocks.add(new Block(matcher.group(1), matcher.group(2)));
        }
        return new PemFile(file, blocks);
    }

    /** All certificates, in the order of the file; at least one. */
    public List<X509Certificate> certificates() throws PemException {
        List<X509Certificate> certificates = new ArrayList<>();
        for (Block block : blocks) {
            if (block.label.equals("CERTIFICATE")) {
                certificates.add(certificate(block, certificates.size() + 1));
            }
        }
        if (certificates.isEmpty()) {
            throw new PemException(file, "certificates in PEM; no -----BEGIN CERTIFICATE----- is in it");
        }
        return List.copyOf(certificates);
    }

    private X509Certificate certificate(Block block, int number) throws PemException {
        try {
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(bytes(block)));
        } catch (CertificateException malformed) {
            throw new PemException(file, "X.509 certificates; the one at " + number + " cannot be read");
        }
    }

    /** The only private key in the file. */
    public PrivateKey privateKey() throws PemException {
        List<Block> keys = blocks.stream()
                .filter(block -> block.label.endsWith("PRIVATE KEY"))
                .toList();
        if (keys.size() != 1) {
            throw new PemException(
                    file,
                    keys.isEmpty()
                            ? "a private key in PEM; no -----BEGIN PRIVATE KEY----- is in it"
                            : "one private key; " + keys.size() + " are in it");
        }
        Block key = keys.get(0);
        if (key.label.startsWith("ENCRYPTED") || key.text.contains("Proc-Type:")) {
            throw new PemException(file, ENCRYPTED_RULE);
        }
        return privateKey(
                switch (key.label) {
                    case "PRIVATE KEY" -> bytes(key);
                    case "RSA PRIVATE KEY" -> sequence(VERSION_0, RSA, der(4, bytes(key)));
                    case "EC PRIVATE KEY" -> {
                        byte[] der = bytes(key);
                        yield sequence(VERSION_0, sequence(EC, curve(der)), der(4, der));
                    }
                    default -> throw unusable();
                });
    }

    private PrivateKey privateKey(byte[] pkcs8) throws PemException {
        for (String kind : KEY_KINDS) {
            try {
                return KeyFactory.getInstance(kind).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (InvalidKeySpecException anotherKind) {
                // It is one of the others, or none.
            } catch (GeneralSecurityException unknownHere) {
                throw new IllegalStateException(unknownHere);
            }
        }
        throw unusable();
    }

    private PemException unusable() {
        return new PemException(file, "a private key of RSA, EC or EdDSA, in PKCS#8, PKCS#1 or SEC 1");
    }

    private byte[] bytes(Block block) throws PemException {
        try {
            return Base64.getDecoder().decode(block.text.replaceAll("\\s", ""));
        } catch (IllegalArgumentException malformed) {
            throw new PemException(file, "PEM; a block of it is not in base64");
        }
    }

    /** The parameters in an ECPrivateKey (RFC 5915): {@code SEQUENCE { 1, OCTET STRING, [0] parameters, … }}. */
    private byte[] curve(byte[] key) throws PemException {
        try {
            int at = content(key, 0);
            at = end(key, at); // version
            at = end(key, at); // the key
            if ((key[at] & 0xff) == 0xa0) {
                return Arrays.copyOfRange(key, content(key, at), end(key, at));
            }
        } catch (IndexOutOfBoundsException | IllegalArgumentException malformed) {
            // Refused below, as one without parameters is.
        }
        throw unusable();
    }

    // ---- DER (X.690): a tag, a length, the content ----

    private static byte[] sequence(byte[]... parts) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.writeBytes(part);
        }
        return der(0x30, content.toByteArray());
    }

    private static byte[] der(int tag, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        if (content.length < 0x80) {
            out.write(content.length);
        } else {
            int lengthBytes = (Integer.SIZE + 7 - Integer.numberOfLeadingZeros(content.length)) / 8;
            out.write(0x80 | lengthBytes);
            for (int i = lengthBytes - 1; i >= 0; i--) {
                out.write(content.length >> (8 * i));
            }
        }
        out.writeBytes(content);
        return out.toByteArray();
    }

    /** Where the content of the element begins that begins at {@code at}. */
    private static int content(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
    }

    private static int end(byte[] der, int at) {
        int content = content(der, at);
        int length = der[at + 1] & 0xff;
        if (length >= 0x80) {
            length = 0;
            for (int i = at + 2; i < content; i++) {
                length = (length << 8) | (der[i] & 0xff);
            }
        }
        return Math.addExact(content, length);
    }

    /** Only the name of the file: what is in it is secret. */
    @Override
    public String toString() {
        return file;
    }
}
