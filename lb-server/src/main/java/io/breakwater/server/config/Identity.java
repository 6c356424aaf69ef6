package io.breakwater.server.config;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * Who we are in TLS: a certificate and the key that goes with it.
 *
 * @param chain the certificate, followed by those of its issuers
 */
public record Identity(List<X509Certificate> chain, PrivateKey key) {

    public Identity {
        chain = List.copyOf(chain);
    }

    /** Reads both files, and checks that they belong together; blocks on them. */
    public static Identity read(String certificateFile, String keyFile) throws PemException {
        List<X509Certificate> chain = PemFile.read(certificateFile).certificates();
        PrivateKey key = PemFile.read(keyFile).privateKey();
        if (!belongTogether(chain.get(0).getPublicKey(), key)) {
            throw new PemException(keyFile, "the key of the first certificate in " + certificateFile);
        }
        return new Identity(chain, key);
    }

    /** Whether the one verifies what the other has signed. */
    private static boolean belongTogether(PublicKey certified, PrivateKey key) {
        byte[] anything = {1, 2, 3, 4};
        try {
            Signature signature = Signature.getInstance(
                    switch (key.getAlgorithm()) {
                        case "RSA", "RSASSA-PSS" -> "SHA256withRSA";
                        case "EC" -> "SHA256withECDSA";
                        default -> key.getAlgorithm();
                    });
            signature.initSign(key);
            signature.update(anything);
            byte[] signed = signature.sign();
            signature.initVerify(certified);
            signature.update(anything);
            return signature.verify(signed);
        } catch (GeneralSecurityException keysOfDifferentKinds) {
            return false;
        }
    }

    /** Nothing of the key. */
    @Override
    public String toString() {
        return "Identity of " + chain.get(0).getSubjectX500Principal();
    }
}
