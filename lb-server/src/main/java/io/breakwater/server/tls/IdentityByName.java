package io.breakwater.server.tls;

import io.breakwater.server.config.Identity;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.StandardConstants;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the certificate that is for the name a client asks for (SNI, RFC 6066 section 3): one with exactly that name
 * among its alternative names, else one with a wildcard in place of its first label (RFC 9525 section 6.3), else the
 * first of all. Several for one name are told apart by the kinds of keys that the client takes. Immutable, safe from any
 * thread.
 */
final class IdentityByName extends X509ExtendedKeyManager {

    private static final int DNS_NAME = 2;

    /** An alias is the index in this list. */
    private final List<Identity> identities;

    /** The indexes of those for a name in lower case, wildcards as they stand in certificates. */
    private final Map<String, List<Integer>> byName = new HashMap<>();

    /** @param identities at least one */
    IdentityByName(List<Identity> identities) {
        this.identities = List.copyOf(identities);
        for (int i = 0; i < identities.size(); i++) {
            for (String name : names(identities.get(i).chain().get(0))) {
                byName.computeIfAbsent(name, unknown -> new ArrayList<>()).add(i);
            }
        }
    }

    private static List<String> names(X509Certificate certificate) {
        List<String> names = new ArrayList<>();
        try {
            Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
            if (alternatives != null) {
                for (List<?> each : alternatives) {
                    if (each.get(0).equals(DNS_NAME)) {
                        names.add(lowerCase((String) each.get(1)));
                    }
                }
            }
        } catch (CertificateParsingException malformed) {
            // It has no name that can be asked for, and can be the first all the same.
        }
        return names;
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
            String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        for (int index : identitiesFor(engine == null ? null : requestedName(engine.getHandshakeSession()))) {
            if (identities.get(index).key().getAlgorithm().equalsIgnoreCase(keyType)) {
                return String.valueOf(index);
            }
        }
        return null; // then another kind of key is asked for, if the client takes any
    }

    private List<Integer> identitiesFor(@Nullable String name) {
        List<Integer> first = List.of(0);
        if (name == null) {
            return first;
        }
        List<Integer> exact = byName.get(name);
        if (exact != null) {
            return exact;
        }
        int dot = name.indexOf('.');
        return dot < 0 ? first : byName.getOrDefault("*" + name.substring(dot), first);
    }

    private static @Nullable String requestedName(@Nullable SSLSession session) {
        if (session instanceof ExtendedSSLSession extended) {
            for (SNIServerName name : extended.getRequestedServerNames()) {
                if (name.getType() == StandardConstants.SNI_HOST_NAME && name instanceof SNIHostName host) {
                    return lowerCase(host.getAsciiName());
                }
            }
        }
        return null;
    }

    private static String lowerCase(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
        return identity(alias).chain().toArray(X509Certificate[]::new);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        return identity(alias).key();
    }

    private Identity identity(String alias) {
        return identities.get(Integer.parseInt(alias));
    }

    // ---- what an engine on the side of a server never asks ----

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
        return null;
    }

    @Override
    public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
        return null;
    }

    @Override
    public @Nullable String chooseClientAlias(
            String[] keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }
}
